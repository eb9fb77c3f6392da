// A minimal HTTP/1.1 server that can break connections, stall and be slow.
#include "tests/registry/hub/socket_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"

namespace assay::registry {
namespace {

constexpr int kPollMilliseconds = 20;
constexpr int64_t kPieceBytes = 64 << 10;

// The sockets are kept from child processes of the test. Linux does so without a moment in which a
// child can inherit them; macOS has no SOCK_CLOEXEC and no accept4().
int OpenSocket() {
#ifdef __linux__
  return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
  const int opened = socket(AF_INET, SOCK_STREAM, 0);
  (void)fcntl(opened, F_SETFD, FD_CLOEXEC);
  return opened;
#endif
}

int AcceptConnection(int listener) {
#ifdef __linux__
  return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
#else
  const int accepted = accept(listener, nullptr, nullptr);
  (void)fcntl(accepted, F_SETFD, FD_CLOEXEC);
  return accepted;
#endif
}

bool SendAll(int connection, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(connection, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

// Reads up to the empty line. Returns an empty string if the connection ended before.
std::string ReadHead(int connection) {
  std::string head;
  char c = 0;
  while (!absl::EndsWith(head, "\r\n\r\n")) {
    if (recv(connection, &c, 1, 0) != 1) return "";
    head += c;
  }
  return head;
}

HubCall ParseHead(const std::string& head, bool storage) {
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  HubCall call{.storage = storage, .method = words.at(0), .path = words.at(1)};
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    call.headers[absl::AsciiStrToLower(header.first)] = header.second;
  }
  const std::string range = call.headers["range"];
  if (range.starts_with("bytes=") && range.ends_with('-')) {
    (void)absl::SimpleAtoi(range.substr(6, range.size() - 7), &call.offset);
  }
  return call;
}

}  // namespace

SocketServer::SocketServer(bool storage, Handler handler, Sent sent)
    : storage_(storage), handler_(std::move(handler)), sent_(std::move(sent)) {
  listener_ = OpenSocket();
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, SOMAXCONN) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

SocketServer::~SocketServer() {
  stopping_ = true;
  acceptor_.join();
  close(listener_);
  std::vector<std::thread> connections;
  {
    const MutexLock lock(mutex_);
    connections.swap(connections_);
  }
  for (std::thread& connection : connections) connection.join();
}

std::string SocketServer::Url() const { return absl::StrCat("http://127.0.0.1:", port_); }

void SocketServer::Accept() {
  while (!stopping_) {
    pollfd waiting{.fd = listener_, .events = POLLIN};
    if (poll(&waiting, 1, kPollMilliseconds) <= 0) continue;
    const int connection = AcceptConnection(listener_);
    if (connection < 0) continue;
    const MutexLock lock(mutex_);
    connections_.emplace_back([this, connection] { Serve(connection); });
  }
}

bool SocketServer::Pause(absl::Duration time) const {
  const absl::Time end = absl::Now() + time;
  while (!stopping_ && absl::Now() < end) {
    absl::SleepFor(std::min(absl::Milliseconds(10), end - absl::Now()));
  }
  return !stopping_;
}

void SocketServer::Serve(int connection) {
  if (const std::string head = ReadHead(connection); !head.empty()) {
    const HubCall call = ParseHead(head, storage_);
    const HubReply reply = handler_(call);
    const int64_t length =
        reply.length >= 0 ? reply.length : static_cast<int64_t>(reply.body.size());
    std::string answer =
        absl::StrCat("HTTP/1.1 ", reply.status, " Answer\r\nContent-Length: ", length,
                     "\r\nConnection: close\r\n");
    for (const auto& [name, value] : reply.headers) {
      absl::StrAppend(&answer, name, ": ", value, "\r\n");
    }
    answer += "\r\n";
    if (SendAll(connection, answer.data(), answer.size()) && call.method != "HEAD") {
      SendBody(connection, call, reply);
    }
  }
  close(connection);
}

void SocketServer::SendBody(int connection, const HubCall& call, const HubReply& reply) {
  auto end = static_cast<int64_t>(reply.body.size());
  if (reply.drop_after >= 0) end = std::min(end, reply.drop_after);
  if (reply.stall_after >= 0) end = std::min(end, reply.stall_after);
  int64_t piece = kPieceBytes;
  if (reply.bytes_per_second > 0) piece = std::max<int64_t>(1, reply.bytes_per_second / 20);
  for (int64_t offset = 0; offset < end && !stopping_; offset += piece) {
    const int64_t bytes = std::min(piece, end - offset);
    if (!SendAll(connection, reply.body.data() + offset, static_cast<size_t>(bytes))) return;
    sent_(call, bytes);
    if (reply.bytes_per_second > 0 && !Pause(absl::Milliseconds(50))) return;
  }
  if (reply.stall_after >= 0) {
    while (Pause(absl::Milliseconds(100))) {
      char c = 0;
      // The client has closed the connection.
      if (recv(connection, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0) return;
    }
  }
}

}  // namespace assay::registry
