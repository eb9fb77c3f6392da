// Accepts the connections of the gRPC server, within limits.
#include "server/rpc/connection_acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"

namespace assay::server {
namespace {

constexpr int kBacklog = 1024;
constexpr std::chrono::seconds kBan{10};
// How often the table forgets closed connections.
constexpr std::chrono::seconds kSweepPeriod{1};
// How often the unread bytes of connections are looked at: at least the first value, and longer
// with many connections, so that looking stays below a hundredth of a core.
constexpr std::chrono::milliseconds kShortestLook{20};
constexpr std::chrono::microseconds kLookPerConnection{50};
// For a while after a flood from this machine, which is never banned, connections are accepted at
// this interval.
constexpr std::chrono::milliseconds kCalmInterval{50};
// How long a client waits for a free descriptor before its connection is closed.
constexpr int kDescriptorWaits = 20;
constexpr std::chrono::milliseconds kDescriptorWait{50};

struct HostAndPort {
  std::string host;
  std::string port;
};

absl::StatusOr<HostAndPort> Split(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen: '", listen, "' is not host:port, as in 127.0.0.1:50051"));
  }
  HostAndPort parts{.host = listen.substr(0, colon), .port = listen.substr(colon + 1)};
  if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  return parts;
}

absl::Status CannotListen(const std::string& listen, const std::string& reason) {
  return absl::FailedPreconditionError(absl::StrCat(
      "listen: cannot listen on ", listen, " (", reason,
      "): the port is in use or the host is not this machine's; stop the other server (another "
      "assayd?) or set listen (--listen) to a free port"));
}

// Returns UNIMPLEMENTED for an address that this machine does not have, as "::1" without IPv6.
absl::Status ListenError(const std::string& listen) {
  if (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) {
    return absl::UnimplementedError(std::strerror(errno));
  }
  return CannotListen(listen, std::strerror(errno));
}

int PortOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

void SetPort(int port, sockaddr* address) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(static_cast<uint16_t>(port));
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(static_cast<uint16_t>(port));
  }
}

void SetOption(int fd, int level, int name, int value) {
  (void)setsockopt(fd, level, name, &value, sizeof(value));
}

// Makes the descriptor non-blocking, and closes it in child processes.
void SetFlags(int fd) {
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

absl::StatusOr<Descriptor> ListenOn(const addrinfo& address, const std::string& listen) {
  Descriptor fd(socket(address.ai_family, address.ai_socktype, address.ai_protocol));
  if (fd.get() < 0) return ListenError(listen);
  SetFlags(fd.get());
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // "[::]" serves IPv4 too.
  if (address.ai_family == AF_INET6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return ListenError(listen);
  }
  return fd;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  Close();
  fd_ = other.Release();
  return *this;
}

int Descriptor::Release() { return std::exchange(fd_, -1); }

void Descriptor::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Bind(
    const std::string& listen, const ConnectionLimits& limits) {
  ASSIGN_OR_RETURN(const HostAndPort parts, Split(listen));
  const addrinfo hints = {
      .ai_flags = AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found);
      error != 0) {
    return CannotListen(listen, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  std::vector<Descriptor> listeners;
  int port = 0;
  std::string missing;
  for (addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    // All addresses of a host share the port that was free for the first one.
    if (port != 0) SetPort(port, address->ai_addr);
    absl::StatusOr<Descriptor> listener = ListenOn(*address, listen);
    if (absl::IsUnimplemented(listener.status())) {
      missing = std::string(listener.status().message());
      continue;
    }
    if (!listener.ok()) return listener.status();
    port = PortOf(listener->get());
    listeners.push_back(*std::move(listener));
  }
  if (listeners.empty()) return CannotListen(listen, missing);
  std::array<int, 2> stop_pipe = {-1, -1};
  if (pipe(stop_pipe.data()) != 0) return CannotListen(listen, std::strerror(errno));
  std::string bound = absl::StrCat(listen.substr(0, listen.rfind(':')), ":", port);
  return std::unique_ptr<ConnectionAcceptor>(
      new ConnectionAcceptor(std::move(listeners), std::move(bound), stop_pipe, limits));
}

ConnectionAcceptor::ConnectionAcceptor(std::vector<Descriptor> listeners, std::string address,
                                       const std::array<int, 2>& stop_pipe,
                                       const ConnectionLimits& limits)
    : address_(std::move(address)),
      listeners_(std::move(listeners)),
      stop_reader_(stop_pipe[0]),
      stop_writer_(stop_pipe[1]),
      reserve_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      table_(limits) {
  for (const int end : stop_pipe) SetFlags(end);
}

void ConnectionAcceptor::Start(AcceptedFn accepted, FloodFn flooded) {
  accepted_ = std::move(accepted);
  flooded_ = std::move(flooded);
  thread_ = std::thread([this] { Work(); });
}

void ConnectionAcceptor::Stop() {
  stop_writer_.Close();
  if (thread_.joinable()) thread_.join();
  listeners_.clear();
}

ConnectionAcceptor::Counts ConnectionAcceptor::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void ConnectionAcceptor::Ban(const std::string& peer) {
  ConnectionTable::BanResult banned = ConnectionTable::BanResult::kUnknown;
  {
    const MutexLock lock(mutex_);
    banned = table_.Ban(peer, kBan);
    if (banned == ConnectionTable::BanResult::kUnknown) return;
    ++counts_.floods;
  }
  if (banned == ConnectionTable::BanResult::kLocal) {
    calm_until_ = (std::chrono::steady_clock::now() + kBan).time_since_epoch();
  }
  if (flooded_ != nullptr) flooded_(peer);
}

void ConnectionAcceptor::Work() {
  std::vector<pollfd> waiting;
  for (const Descriptor& listener : listeners_) {
    waiting.push_back({.fd = listener.get(), .events = POLLIN});
  }
  waiting.push_back({.fd = stop_reader_.get(), .events = POLLIN});
  while (true) {
    const int ready = poll(waiting.data(), waiting.size(), Look());
    if (ready <= 0) continue;
    if (waiting.back().revents != 0) return;
    for (const pollfd& listener : waiting) {
      if ((listener.revents & POLLIN) == 0) continue;
      // One at a time, so that a flood does not keep the thread from stopping.
      AcceptOne(listener.fd);
    }
  }
}

int ConnectionAcceptor::Look() {
  std::vector<std::string> flooding;
  int size = 0;
  {
    const MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - swept_ >= kSweepPeriod) {
      swept_ = now;
      table_.Sweep();
    }
    if (now >= next_look_) {
      flooding = table_.FindResetFloods();
      next_look_ = now + std::max<std::chrono::steady_clock::duration>(
                             kShortestLook, kLookPerConnection * table_.size());
    }
    size = table_.size();
  }
  for (const std::string& peer : flooding) Ban(peer);
  if (size == 0) return static_cast<int>(std::chrono::milliseconds(kSweepPeriod).count());
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      next_look_ - std::chrono::steady_clock::now());
  return std::max(1, static_cast<int>(left.count()));
}

void ConnectionAcceptor::AcceptOne(int listener) {
  if (std::chrono::steady_clock::now().time_since_epoch() < calm_until_.load()) {
    std::this_thread::sleep_for(kCalmInterval);
  }
  Descriptor fd(accept(listener, nullptr, nullptr));
  if (fd.get() < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      ShedOne(listener);
    }
    return;
  }
  SetFlags(fd.get());
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  {
    const MutexLock lock(mutex_);
    switch (table_.Check(fd.get())) {
      case ConnectionTable::Verdict::kOverLimit:
        ++counts_.over_limit;
        return;
      case ConnectionTable::Verdict::kOverAddressLimit:
        ++counts_.over_address_limit;
        return;
      case ConnectionTable::Verdict::kBanned:
        ++counts_.banned;
        return;
      case ConnectionTable::Verdict::kFits:
        break;
    }
    ++counts_.accepted;
    table_.Add(fd.get());
  }
  accepted_(listener, fd.Release());
}

void ConnectionAcceptor::ShedOne(int listener) {
  for (int i = 0; i < kDescriptorWaits; ++i) {
    std::this_thread::sleep_for(kDescriptorWait);
    const Descriptor probe(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (probe.get() >= 0) return;
  }
  reserve_.Close();
  const Descriptor shed(accept(listener, nullptr, nullptr));
  if (shed.get() >= 0) {
    const MutexLock lock(mutex_);
    ++counts_.no_descriptor;
  }
  reserve_ = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace assay::server
