// Requests and responses of HTTP/1.1.
#ifndef ASSAY_SERVER_HTTP_MESSAGE_H_
#define ASSAY_SERVER_HTTP_MESSAGE_H_

#include <functional>
#include <memory>
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

// The way back from a handler to the connection of its request. Thread-safe.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  // Sends a whole response.
  virtual void Send(HttpResponse response) = 0;
  // Send a response in parts. Write() returns false if nothing more can be sent. `complete` is
  // false if the body is not whole: the connection is then closed without its proper end.
  virtual void Begin(HttpResponse head) = 0;
  virtual bool Write(std::string part) = 0;
  virtual void End(bool complete) = 0;
  // True once the client has closed its connection, or only its sending side, or the server stops.
  virtual bool client_gone() const = 0;
};

// A response whose body is sent in parts, chunked for HTTP/1.1. Thread-safe, but for its moves.
class HttpStream {
 public:
  explicit HttpStream(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  HttpStream(HttpStream&&) = default;
  HttpStream& operator=(HttpStream&&) = delete;
  // Without End(), the body is not whole: the connection is closed, so that the client notices.
  ~HttpStream();

  // Sends a part as soon as possible, with others that wait. Never blocks. Returns false if the
  // client has gone, or does not read: more than HttpLimits::max_unsent_bytes wait for it.
  bool Write(std::string part) { return exchange_->Write(std::move(part)); }
  // Ends the body. Nothing may be written after it.
  void End();

 private:
  std::shared_ptr<HttpExchange> exchange_;
};

// The answer that a handler owes to one request: Send() or BeginStream(), once, on any thread, also
// after the handler has returned. An answer that is destroyed without either sends status 500.
// Nothing is sent if the connection has ended.
class HttpReply {
 public:
  explicit HttpReply(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  HttpReply(HttpReply&&) = default;
  HttpReply& operator=(HttpReply&&) = delete;
  ~HttpReply();

  void Send(HttpResponse response);
  // Sends the status and the headers now. The body of `head` must be empty.
  HttpStream BeginStream(HttpResponse head);
  // Returns a function that tells if the client has gone (HttpExchange::client_gone()), also after
  // the answer. A client that closes its sending side alone counts as gone, but is still answered.
  std::function<bool()> client_gone() const;

 private:
  std::shared_ptr<HttpExchange> exchange_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_MESSAGE_H_
