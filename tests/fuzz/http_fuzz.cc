// Sends any bytes to the HTTP server. The server must answer with HTTP or close, must do so soon
// after the last byte, and must still answer a good request.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "server/http/gzip.h"
#include "server/http/server.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"
#include "tests/patience.h"

namespace {

using assay::Require;
using assay::server::HttpReply;
using assay::server::HttpRequest;
using assay::server::HttpResponse;
using assay::server::HttpRouter;
using assay::server::HttpServer;

constexpr uint64_t kMaxBody = 1000;

HttpRouter Routes() {
  HttpRouter router;
  router.Add({.path = "/metrics", .handler = [](const HttpRequest& request, HttpReply reply) {
                HttpResponse response{.body = std::string(2 * kMaxBody, 'm')};
                assay::server::CompressFor(request, &response);
                reply.Send(std::move(response));
              }});
  router.Add({.method = "POST",
              .path = "/echo",
              .max_body_bytes = kMaxBody,
              .handler = [](HttpRequest request, HttpReply reply) {
                Require(request.body.size() <= kMaxBody, "limit of the body");
                Require(request.path == "/echo", "path of the route");
                reply.Send({.body = std::move(request.body)});
              }});
  return router;
}

// Sends the bytes and then the end, and returns what the server has sent when it closes.
std::string Exchange(int port, std::string_view bytes) {
  constexpr absl::Duration kQuiet = absl::Seconds(5);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{.tv_sec = absl::ToInt64Seconds(assay::Patience(kQuiet))};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Require(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "connection");
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  shutdown(fd, SHUT_WR);
  std::string received;
  std::array<char, 4096> chunk{};
  ssize_t count = 0;
  while ((count = recv(fd, chunk.data(), chunk.size(), 0)) > 0) {
    received.append(chunk.data(), static_cast<size_t>(count));
  }
  Require(count == 0 || errno != EAGAIN, "end of the connection in time");
  close(fd);
  return received;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const kServer =
      HttpServer::Start({.address = "127.0.0.1:0", .router = Routes()})->release();
  const assay::Limits limits(assay::Limits::Input::kRequest, size);
  const std::string answer = Exchange(kServer->port(), {reinterpret_cast<const char*>(data), size});
  Require(answer.empty() || answer.starts_with("HTTP/1."), "status line");
  const std::string good =
      Exchange(kServer->port(), "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  Require(good.starts_with("HTTP/1.1 200 OK\r\n"), "answer to a good request");
  return 0;
}
