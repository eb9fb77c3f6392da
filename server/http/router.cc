// Finds the handler of a request by its method and path.
#include "server/http/router.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay::server {
namespace {

constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
// So much of a client's text is repeated in an error.
constexpr size_t kMaxShown = 128;

// Returns the beginning of a client's text without control characters.
std::string Shown(std::string_view text) {
  const std::string begin(text.substr(0, kMaxShown));
  return absl::CHexEscape(begin) + (text.size() > kMaxShown ? "..." : "");
}

bool Matches(const HttpRoute& route, std::string_view path) {
  if (!route.path.ends_with("/*")) return route.path == path;
  const std::string_view prefix = std::string_view(route.path).substr(0, route.path.size() - 1);
  return path.size() > prefix.size() && path.starts_with(prefix);
}

}  // namespace

const HttpRoute* HttpRouter::Find(std::string_view method, std::string_view path) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const auto found = std::ranges::find_if(routes_, [&](const HttpRoute& route) {
    return route.method == wanted && Matches(route, path);
  });
  return found == routes_.end() ? nullptr : &*found;
}

HttpResponse HttpRouter::Refuse(std::string_view method, std::string_view path) const {
  std::vector<std::string> methods;
  std::vector<std::string> paths;
  for (const HttpRoute& route : routes_) {
    if (std::ranges::find(paths, route.path) == paths.end()) paths.push_back(route.path);
    if (!Matches(route, path)) continue;
    methods.push_back(route.method);
    if (route.method == "GET") methods.emplace_back("HEAD");
  }
  if (methods.empty()) {
    return PlainText(kNotFound, absl::StrCat("There is no path ", Shown(path), "; the paths are ",
                                             absl::StrJoin(paths, ", "), "."));
  }
  const std::string allowed = absl::StrJoin(methods, ", ");
  HttpResponse response = PlainText(
      kMethodNotAllowed, absl::StrCat("The method ", Shown(method), " is not allowed for ",
                                      Shown(path), "; use ", allowed, "."));
  response.headers.push_back({.name = "Allow", .value = allowed});
  return response;
}

}  // namespace assay::server
