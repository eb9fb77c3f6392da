// Tests of requests that must not be sent twice, against a server that executes them and hangs up.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "base/http/client.h"
#include "gtest/gtest.h"

namespace assay::http {
namespace {

// A server that answers GET but closes the connection after a POST without a response. Clients must
// be destroyed before the server.
class HangUpServer {
 public:
  HangUpServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~HangUpServer() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    for (std::thread& connection : connections_) connection.join();
    close(socket_);
  }

  const std::string& url() const { return url_; }
  int posts() const { return posts_; }

 private:
  void Serve() {
    while (true) {
      const int connection = accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      connections_.emplace_back([this, connection] {
        Answer(connection);
        close(connection);
      });
    }
  }
  void Answer(int connection) {
    char buffer[4096];
    while (true) {
      const ssize_t size = recv(connection, buffer, sizeof(buffer), 0);
      if (size <= 0) return;
      if (absl::StartsWith(std::string(buffer, size), "POST")) {
        ++posts_;
        return;
      }
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  const int socket_;
  std::string url_;
  std::atomic<int> posts_ = 0;
  std::vector<std::thread> connections_;
  std::thread thread_;
};

// Regression: libcurl repeated a POST on a second connection by itself, which created an MLflow run
// twice.
TEST(ClientAtMostOnceTest, APostIsNotRepeatedWhenAKeptConnectionEnds) {
  HangUpServer server;
  Client client({});
  ASSERT_TRUE(client.Send({.url = server.url()}).ok());
  const auto response =
      client.Send({.method = "POST", .url = server.url(), .body = "{}", .at_most_once = true});
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server.posts(), 1);
}

}  // namespace
}  // namespace assay::http
