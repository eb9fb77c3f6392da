// One connection of an HTTP server.
#ifndef ASSAY_SERVER_HTTP_SESSION_H_
#define ASSAY_SERVER_HTTP_SESSION_H_

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "server/http/limits.h"
#include "server/http/message.h"
#include "server/http/router.h"
#include "server/tls/tls_contexts.h"

namespace assay::server {

class HttpSession;

// The server's end of HttpExchange: what a handler has written and is not sent yet.
class HttpOutbox {
 public:
  virtual ~HttpOutbox() = default;
  struct Unsent {
    std::string parts;
    // The handler has written everything, or has given up. Stays true.
    bool ended = false;
    bool complete = false;
  };
  // Returns what was written since the last call.
  virtual Unsent Take() = 0;
  // The client has gone: nothing more will be sent.
  virtual void SetGone() = 0;
};

// What a session needs of its server. Called on the server's thread only.
class HttpSessionHost {
 public:
  virtual const HttpLimits& limits() const = 0;
  virtual const HttpRouter& router() const = 0;
  // True once no further requests are accepted.
  virtual bool stopping() const = 0;
  // Runs the route's handler, which leads to Respond() of the session, or to BeginStream() and
  // Flush(), while it is open. Returns what the handler writes to; null if the request was refused.
  virtual std::shared_ptr<HttpOutbox> Handle(const HttpRoute& route, HttpRequest request,
                                             const std::shared_ptr<HttpSession>& session) = 0;
  // Words a refusal of the server itself, which is plain text, in the form of the server's API.
  virtual HttpResponse Refusal(HttpResponse plain, const std::string& path) const = 0;
  // The session has closed its socket.
  virtual void Forget(const HttpSession* session) = 0;

 protected:
  ~HttpSessionHost() = default;
};

// Reads requests from a connection, one after another, and writes their responses. Pipelined
// requests wait in the buffer. A session keeps itself alive until its socket is closed. All methods
// must be called on the server's thread, which is the one of the socket's executor.
class HttpSession {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~HttpSession() = default;

  virtual void Start() = 0;
  // Sends the response to the request that was handed to the host.
  virtual void Respond(HttpResponse response) = 0;
  // Sends the head of a response whose body follows by Flush().
  virtual void BeginStream(HttpResponse head) = 0;
  // Sends what waits in the outbox.
  virtual void Flush() = 0;
  // Closes the connection now, or after the response if a request is complete.
  virtual void Finish() = 0;
  // Closes the connection now.
  virtual void Close() = 0;
  // True if the session waits for its client, and not for a handler or for a response to be taken.
  virtual bool is_waiting() const = 0;
  // The time of the last change between waiting, handling and writing.
  virtual Clock::time_point waiting_since() const = 0;
  // The IP address of the client.
  virtual const std::string& peer() const = 0;
};

// Returns a session for a connected socket. `host` must outlive the socket's execution context.
// With `tls` it begins with a handshake; null means plain TCP.
std::shared_ptr<HttpSession> MakeHttpSession(boost::asio::ip::tcp::socket socket, std::string peer,
                                             std::shared_ptr<TlsContext> tls,
                                             HttpSessionHost* host);

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_SESSION_H_
