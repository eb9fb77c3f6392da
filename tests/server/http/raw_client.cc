// A TCP client that sends any bytes, whole requests or parts of them.
#include "tests/server/http/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::server {
namespace {

constexpr size_t kChunk = 4096;

// Returns the bytes that were received, 0 at the end, -1 after the deadline or a reset.
ssize_t ReceiveBy(int fd, std::chrono::steady_clock::time_point deadline,
                  std::array<char, kChunk>* bytes) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  pollfd poll_fd{.fd = fd, .events = POLLIN};
  if (left.count() <= 0 || poll(&poll_fd, 1, static_cast<int>(left.count())) <= 0) return -1;
  return recv(fd, bytes->data(), bytes->size(), 0);
}

}  // namespace

RawClient::RawClient(int port, const std::string& host) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    GTEST_LOG_(FATAL) << "cannot connect to port " << port;
  }
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

RawClient::~RawClient() {
  if (fd_ >= 0) close(fd_);
}

bool RawClient::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::EndSending() const { shutdown(fd_, SHUT_WR); }

std::string RawClient::ReadUntil(std::string_view end) {
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoSeconds(Patience());
  std::array<char, kChunk> bytes{};
  while (end.empty() || received_.find(end) == std::string::npos) {
    const ssize_t count = ReceiveBy(fd_, deadline, &bytes);
    if (count <= 0) return std::exchange(received_, {});
    received_.append(bytes.data(), static_cast<size_t>(count));
  }
  const size_t size = received_.find(end) + end.size();
  std::string result = received_.substr(0, size);
  received_.erase(0, size);
  return result;
}

bool RawClient::IsClosedWithin(std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::array<char, kChunk> bytes{};
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd poll_fd{.fd = fd_, .events = POLLIN};
    constexpr int kPollMs = 10;
    if (poll(&poll_fd, 1, kPollMs) <= 0) continue;
    if (recv(fd_, bytes.data(), bytes.size(), 0) <= 0) return true;
  }
  return false;
}

}  // namespace assay::server
