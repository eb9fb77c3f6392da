// Accepts the connections of the gRPC server, within limits.
#ifndef ASSAY_SERVER_RPC_CONNECTION_ACCEPTOR_H_
#define ASSAY_SERVER_RPC_CONNECTION_ACCEPTOR_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/rpc/connection_table.h"
#include "server/rpc/listening_sockets.h"
#include "server/rpc/request_progress.h"

namespace assay::server {

// Listens on a port or a Unix socket, accepts connections on a thread of its own, and gives them to
// gRPC.
//
// gRPC's own listener stops for good when accept() fails for want of descriptors (CVE-2023-4785,
// which gRPC 1.51.1 has) and has no limit of connections. This one keeps a descriptor in reserve:
// without a free one, it accepts the next connection with the reserve and closes it at once, so
// that its client does not wait in vain, and serves again as soon as a descriptor is free.
//
// Order of calls: Bind(), Start(), Stop(). Thread-safe.
class ConnectionAcceptor {
 public:
  struct Counts {
    int64_t accepted = 0;
    // Closed at once because the limit of all connections, or of one address, was reached.
    int64_t over_limit = 0;
    int64_t over_address_limit = 0;
    // Closed at once because the address was banned.
    int64_t banned = 0;
    // Closed because of what they sent (ConnectionTable::FindFloods()).
    int64_t floods = 0;
    // Closed at once because the process had no free descriptor.
    int64_t no_descriptor = 0;
  };

  // Receives a connected socket, which it owns, and the listener.
  using AcceptedFn = std::function<void(int listener, int fd)>;
  // Receives the peer of a connection that was closed because it flooded the server.
  using FloodFn = std::function<void(const std::string& peer)>;

  // Errors are those of ListenOnHost().
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Bind(const std::string& listen,
                                                                  const ConnectionLimits& limits);

  // Accepts only this user and root. Errors are those of ListenOnPath().
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> BindUnix(
      const std::string& path, const ConnectionLimits& limits);

  ~ConnectionAcceptor() { Stop(); }

  // Returns host:port with the port in use, or the path of the Unix socket.
  const std::string& address() const { return address_; }

  // Starts to accept. Clients that connect before wait. `progress` tells which requests are
  // complete, and must outlive this object; nullptr: incomplete requests have no limit.
  void Start(AcceptedFn accepted, FloodFn flooded, RequestProgress* progress);
  // Closes the listeners. The connections stay open.
  void Stop();

  Counts counts() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Closes the connection of a peer, given as gRPC formats it ("ipv4:127.0.0.1:40312"), and refuses
  // new ones from its address for a while. Addresses of this machine are not refused.
  void Ban(const std::string& peer) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  ConnectionAcceptor(ListeningSockets sockets, bool is_unix, const std::array<int, 2>& stop_pipe,
                     const ConnectionLimits& limits);
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Make(ListeningSockets sockets,
                                                                  bool is_unix,
                                                                  const ConnectionLimits& limits);

  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  // Does what is due, and returns the milliseconds until something is due again.
  int Look() ABSL_LOCKS_EXCLUDED(mutex_);
  // Accepts one connection, if one waits.
  void AcceptOne(int listener) ABSL_LOCKS_EXCLUDED(mutex_);
  // Called when no descriptor is free: tells the next client so after a while.
  void ShedOne(int listener) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string address_;
  const bool is_unix_;
  std::vector<Descriptor> listeners_;
  // Becomes readable when Stop() is called.
  Descriptor stop_reader_;
  Descriptor stop_writer_;
  // Used by the thread alone.
  Descriptor reserve_;
  AcceptedFn accepted_;
  FloodFn flooded_;
  RequestProgress* progress_ = nullptr;
  std::chrono::steady_clock::time_point swept_;
  std::chrono::steady_clock::time_point next_look_;
  std::atomic<std::chrono::steady_clock::duration> calm_until_{};
  mutable absl::Mutex mutex_;
  ConnectionTable table_ ABSL_GUARDED_BY(mutex_);
  Counts counts_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_CONNECTION_ACCEPTOR_H_
