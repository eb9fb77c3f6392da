// Finds the handler of a request by its method and path.
#ifndef ASSAY_SERVER_HTTP_ROUTER_H_
#define ASSAY_SERVER_HTTP_ROUTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

namespace assay::server {

// Answers a request, now or later. Exceptions become status 500.
using HttpHandler = std::function<void(HttpRequest, HttpReply)>;

struct HttpRoute {
  std::string method = "GET";
  // Matches exactly; parameters after a question mark do not count. "/models/*" matches every path
  // that begins with "/models/" and has more.
  std::string path;
  // A request with a larger body is refused with status 413. 0 allows no body.
  uint64_t max_body_bytes = 0;
  HttpHandler handler;
};

// The routes of a server. Find() and Refuse() may be called by several threads once all routes were
// added; they cost one comparison per route.
class HttpRouter {
 public:
  void Add(HttpRoute route) { routes_.push_back(std::move(route)); }

  // Returns the route, or null if there is none. HEAD takes the route of GET.
  const HttpRoute* Find(std::string_view method, std::string_view path) const;
  // Returns the response to a request without a route: 405 with the header Allow if the path has
  // other methods, else 404 with the paths that exist.
  HttpResponse Refuse(std::string_view method, std::string_view path) const;

 private:
  std::vector<HttpRoute> routes_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_ROUTER_H_
