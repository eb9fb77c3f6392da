// Requests and responses of HTTP/1.1.
#ifndef ASSAY_SERVER_HTTP_MESSAGE_H_
#define ASSAY_SERVER_HTTP_MESSAGE_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::server {

struct HttpHeader {
  std::string name;
  std::string value;
};

// A complete request.
struct HttpRequest {
  std::string method;
  // The target up to the question mark, as it was sent: percent signs are not decoded.
  std::string path;
  // The rest of the target, without the question mark.
  std::string query;
  std::vector<HttpHeader> headers;
  std::string body;
  // The IP address of the client.
  std::string peer;

  // Returns the value of the first header of this name in any case; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  // Headers beside Content-Type, Content-Length and Connection, which the server writes.
  std::vector<HttpHeader> headers;
};

// Returns a response of plain text: the sentence and an end of line.
HttpResponse PlainText(int status, std::string sentence);

// The answer that a handler owes to one request. Send() may be called on any thread, also after
// the handler has returned. An answer that is destroyed without Send() sends status 500. Nothing is
// sent if the connection has ended.
class HttpReply {
 public:
  using SendFn = std::function<void(HttpResponse)>;

  explicit HttpReply(SendFn send) : send_(std::move(send)) {}
  HttpReply(HttpReply&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  HttpReply& operator=(HttpReply&&) = delete;
  ~HttpReply();

  // Must be called at most once.
  void Send(HttpResponse response);

 private:
  SendFn send_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_MESSAGE_H_
