// Accepts the connections of the gRPC server, within limits.
#include "server/rpc/connection_acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"

namespace assay::server {
namespace {

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

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Bind(
    const std::string& listen, const ConnectionLimits& limits) {
  ASSIGN_OR_RETURN(ListeningSockets sockets, ListenOnHost(listen));
  return Make(std::move(sockets), /*is_unix=*/false, limits);
}

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::BindUnix(
    const std::string& path, const ConnectionLimits& limits) {
  ASSIGN_OR_RETURN(ListeningSockets sockets, ListenOnPath(path));
  return Make(std::move(sockets), /*is_unix=*/true, limits);
}

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Make(
    ListeningSockets sockets, bool is_unix, const ConnectionLimits& limits) {
  std::array<int, 2> stop_pipe = {-1, -1};
  if (pipe(stop_pipe.data()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", sockets.address));
  }
  return std::unique_ptr<ConnectionAcceptor>(
      new ConnectionAcceptor(std::move(sockets), is_unix, stop_pipe, limits));
}

ConnectionAcceptor::ConnectionAcceptor(ListeningSockets sockets, bool is_unix,
                                       const std::array<int, 2>& stop_pipe,
                                       const ConnectionLimits& limits)
    : address_(std::move(sockets.address)),
      is_unix_(is_unix),
      listeners_(std::move(sockets.sockets)),
      stop_reader_(stop_pipe[0]),
      stop_writer_(stop_pipe[1]),
      reserve_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      table_(limits) {
  for (const int end : stop_pipe) SetSocketFlags(end);
}

void ConnectionAcceptor::Start(AcceptedFn accepted, FloodFn flooded, RequestProgress* progress) {
  accepted_ = std::move(accepted);
  flooded_ = std::move(flooded);
  progress_ = progress;
  thread_ = std::thread([this] { Work(); });
}

void ConnectionAcceptor::Stop() {
  stop_writer_.Close();
  if (thread_.joinable()) thread_.join();
  if (is_unix_ && !listeners_.empty()) unlink(address_.c_str());
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
  waiting.reserve(listeners_.size() + 1);
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
      flooding =
          table_.FindFloods(progress_ == nullptr ? RequestProgress::Bytes() : progress_->Take());
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
  if (is_unix_ && !IsOwnUser(fd.get())) return;
  SetSocketFlags(fd.get());
  constexpr int kOn = 1;
  if (!is_unix_) (void)setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof(kOn));
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
