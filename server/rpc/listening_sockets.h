// The sockets on which a server listens.
#ifndef ASSAY_SERVER_RPC_LISTENING_SOCKETS_H_
#define ASSAY_SERVER_RPC_LISTENING_SOCKETS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::server {

// A file descriptor that is closed with this object.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  int Release();
  void Close();

 private:
  int fd_;
};

// Closes the descriptor in child processes, and makes it non-blocking.
void SetSocketFlags(int fd);

struct ListeningSockets {
  std::vector<Descriptor> sockets;
  // host:port with the port in use, or a path.
  std::string address;
};

// Listens on every address of the host, "host:port" or "[::]:port"; port 0 is any free one.
// INVALID_ARGUMENT: `listen` is not host:port. FAILED_PRECONDITION: an address cannot be bound.
absl::StatusOr<ListeningSockets> ListenOnHost(const std::string& listen);

// Return INVALID_ARGUMENT if `listen` is not host:port, and if a path is too long for a socket.
absl::Status CheckHostAndPort(const std::string& listen);
absl::Status CheckSocketPath(const std::string& path);

// Listens on a Unix socket that only this user can open. Replaces a socket that a killed process
// left. INVALID_ARGUMENT: the path is too long for a socket. FAILED_PRECONDITION: it cannot be
// bound, or another process listens on it.
absl::StatusOr<ListeningSockets> ListenOnPath(const std::string& path);

// True if the other end of a connected Unix socket is this user or root.
bool IsOwnUser(int fd);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_LISTENING_SOCKETS_H_
