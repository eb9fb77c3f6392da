// The sockets on which a server listens.
#include "server/rpc/listening_sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::server {
namespace {

constexpr int kBacklog = 1024;

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

absl::Status CannotListenAt(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      "access.unix_socket: cannot listen on ", path, " (", std::strerror(errno),
      "); set it to a path in a folder that this user can write, or to \"\" for no socket"));
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

absl::StatusOr<Descriptor> ListenOn(const addrinfo& address, const std::string& listen) {
  Descriptor fd(socket(address.ai_family, address.ai_socktype, address.ai_protocol));
  if (fd.get() < 0) return ListenError(listen);
  SetSocketFlags(fd.get());
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

void SetSocketFlags(int fd) {
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

absl::StatusOr<ListeningSockets> ListenOnHost(const std::string& listen) {
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
  return ListeningSockets{.sockets = std::move(listeners),
                          .address = absl::StrCat(listen.substr(0, listen.rfind(':')), ":", port)};
}

absl::Status CheckHostAndPort(const std::string& listen) { return Split(listen).status(); }

absl::Status CheckSocketPath(const std::string& path) {
  constexpr size_t kMaxSize = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() <= kMaxSize) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("access.unix_socket: ", path, " has ", path.size(),
                                                 " characters; a socket's path has at most ",
                                                 kMaxSize));
}

absl::StatusOr<ListeningSockets> ListenOnPath(const std::string& path) {
  RETURN_IF_ERROR(CheckSocketPath(path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM, 0));
  if (listener.get() < 0) return CannotListenAt(path);
  SetSocketFlags(listener.get());
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM, 0));
  if (probe.get() < 0) return CannotListenAt(path);
  if (connect(probe.get(), generic, sizeof(address)) == 0) {
    errno = EADDRINUSE;
    return CannotListenAt(path);
  }
  struct stat status{};
  if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path.c_str());
  // Nobody can connect before listen().
  if (bind(listener.get(), generic, sizeof(address)) != 0 ||
      chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(listener.get(), kBacklog) != 0) {
    return CannotListenAt(path);
  }
  ListeningSockets listening{.address = path};
  listening.sockets.push_back(std::move(listener));
  return listening;
}

bool IsOwnUser(int fd) {
#ifdef __linux__
  ucred other{};
  socklen_t size = sizeof(other);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0) return false;
  const uid_t user = other.uid;
#else
  uid_t user = 0;
  gid_t group = 0;
  if (getpeereid(fd, &user, &group) != 0) return false;
#endif
  return user == 0 || user == geteuid();
}

}  // namespace assay::server
