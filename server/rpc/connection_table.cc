// The open connections of a server, counted in all and by address.
#include "server/rpc/connection_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/steady_time.h"
#include "server/rpc/flood_signs.h"
#include "server/rpc/tcp_traffic.h"
#include "server/rpc/unfinished_requests.h"

namespace assay::server {
namespace {

// Descriptors that stay for files, models, outgoing connections and those of the metrics port.
constexpr int kOtherDescriptors = 192;
// Connections are served even with very few descriptors.
constexpr int kFewestConnections = 8;

// Connections with fewer unread bytes are not looked at.
constexpr int kFewestBytes = 4 << 10;

// Ends a connection at once. shutdown() alone would let gRPC read what has arrived and still
// arrives, which under a flood has no end.
void Abort(int fd) {
  const sockaddr nobody{.sa_family = AF_UNSPEC};
  // A connection that ended meanwhile needs no abort.
  // NOLINTNEXTLINE(bugprone-unused-return-value)
  (void)connect(fd, &nobody, sizeof(nobody));
  (void)shutdown(fd, SHUT_RDWR);
}

uint64_t InodeOf(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_ino) : 0;
}

}  // namespace

ConnectionTable::Peer ConnectionTable::PeerOf(int fd) {
  Peer peer{.inode = InodeOf(fd)};
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return peer;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    peer.address = text.data();
    peer.name = absl::StrCat("ipv4:", text.data(), ":", ntohs(in.sin_port));
    if (absl::StartsWith(peer.address, "127.")) peer.address.clear();
  } else if (storage.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
      // An IPv4 client of a listener for both. gRPC names it by its IPv4 address.
      constexpr size_t kPrefixBytes = 12;
      inet_ntop(AF_INET, in.sin6_addr.s6_addr + kPrefixBytes, text.data(), text.size());
      peer.address = text.data();
      peer.name = absl::StrCat("ipv4:", text.data(), ":", ntohs(in.sin6_port));
      if (absl::StartsWith(peer.address, "127.")) peer.address.clear();
      return peer;
    }
    inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    peer.address = text.data();
    peer.name = absl::StrCat("ipv6:%5B", text.data(), "%5D:", ntohs(in.sin6_port));
    if (IN6_IS_ADDR_LOOPBACK(&in.sin6_addr)) peer.address.clear();
  } else {
    peer.name = "unix:";
  }
  return peer;
}

bool ConnectionTable::IsOpen(int fd, const Peer& peer) const {
  const Peer now = PeerOf(fd);
  return !now.name.empty() && now.name == peer.name && now.inode == peer.inode;
}

int ConnectionTable::CountOf(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second;
}

ConnectionTable::Verdict ConnectionTable::Check(int fd) {
  const std::string address = PeerOf(fd).address;
  if (IsBanned(address)) return Verdict::kBanned;
  const auto over_limit = [this] { return size() >= limits_.max_connections; };
  const auto over_address_limit = [&] {
    return limits_.max_per_address > 0 && !address.empty() &&
           CountOf(address) >= limits_.max_per_address;
  };
  if (over_limit() || over_address_limit()) Sweep();
  if (over_limit()) return Verdict::kOverLimit;
  return over_address_limit() ? Verdict::kOverAddressLimit : Verdict::kFits;
}

void ConnectionTable::Add(int fd) {
  Peer peer = PeerOf(fd);
  ++by_address_[peer.address];
  const auto [at, added] = peers_.try_emplace(fd, peer);
  if (added) return;
  if (--by_address_[at->second.address] == 0) by_address_.erase(at->second.address);
  at->second = std::move(peer);
}

void ConnectionTable::Sweep() {
  for (auto at = peers_.begin(); at != peers_.end();) {
    if (IsOpen(at->first, at->second)) {
      ++at;
      continue;
    }
    if (--by_address_[at->second.address] == 0) by_address_.erase(at->second.address);
    at = peers_.erase(at);
  }
}

std::vector<std::string> ConnectionTable::FindFloods(const RequestProgress::Bytes& finished) {
  std::vector<std::string> found;
  std::vector<UnfinishedRequests> unfinished;
  std::vector<const std::string*> unfinished_peers;
  std::array<char, kFloodBytes> bytes;
  const absl::Duration now = SteadyNow();
  for (auto& [fd, peer] : peers_) {
    int unread = 0;
    if (ioctl(fd, FIONREAD, &unread) != 0) continue;
    const TcpTraffic traffic = TrafficOf(fd);
    const uint64_t read =
        traffic.received - std::min(traffic.received, static_cast<uint64_t>(unread));
    const auto progress = finished.find(peer.name);
    const bool has_progress = progress != finished.end();
    if (has_progress) peer.finished += progress->second;
    // What HTTP/2 and TLS add to a request was an estimate.
    peer.finished = std::min(peer.finished, read);
    if (!peer.banned && read > peer.finished) {
      unfinished.push_back({.address = peer.address, .bytes = read - peer.finished});
      unfinished_peers.push_back(&peer.name);
    }
    const bool is_slow = peer.watch.Look({.now = now,
                                          .read = read,
                                          .sent = traffic.sent,
                                          .unread = unread,
                                          .has_progress = has_progress});
    if (is_slow && IsOpen(fd, peer)) {
      found.push_back(peer.name);
      continue;
    }
    if (unread < kFewestBytes) continue;
    const ssize_t peeked = recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (peeked < kFewestBytes) continue;
    const std::string_view view(bytes.data(), static_cast<size_t>(peeked));
    if (!HasResetFlood(view)) continue;
    if (IsOpen(fd, peer)) found.push_back(peer.name);
  }
  for (const size_t index : OverLimit(unfinished, limits_.max_unfinished_bytes)) {
    found.push_back(*unfinished_peers[index]);
  }
  return found;
}

ConnectionTable::BanResult ConnectionTable::Ban(const std::string& peer,
                                                std::chrono::seconds duration) {
  BanResult result = BanResult::kUnknown;
  for (auto& [fd, known] : peers_) {
    if (known.name != peer || known.banned) continue;
    // Meanwhile, gRPC may close the descriptor, and its number may be used again.
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) continue;
    const bool is_open = IsOpen(own, known);
    if (is_open) Abort(own);
    close(own);
    if (!is_open) continue;
    known.banned = true;
    result = known.address.empty() ? BanResult::kLocal : BanResult::kRemote;
    if (known.address.empty()) continue;
    bans_[known.address] = std::chrono::steady_clock::now() + duration;
  }
  return result;
}

bool ConnectionTable::IsBanned(const std::string& address) {
  if (bans_.empty()) return false;
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(bans_, [now](const auto& ban) { return ban.second <= now; });
  return bans_.contains(address);
}

ConnectionLimits WithinDescriptors(ConnectionLimits limits) {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return limits;
  if (descriptors.rlim_cur == RLIM_INFINITY) return limits;
  const auto most = static_cast<int64_t>(descriptors.rlim_cur) - kOtherDescriptors;
  limits.max_connections = static_cast<int>(
      std::min<int64_t>(limits.max_connections, std::max<int64_t>(most, kFewestConnections)));
  return limits;
}

}  // namespace assay::server
