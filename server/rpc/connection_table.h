// The open connections of a server, counted in all and by address.
#ifndef ASSAY_SERVER_RPC_CONNECTION_TABLE_H_
#define ASSAY_SERVER_RPC_CONNECTION_TABLE_H_

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/rpc/request_progress.h"
#include "server/rpc/slow_read_watch.h"

namespace assay::server {

struct ConnectionLimits {
  // The most open connections.
  int max_connections = 4096;
  // The most open connections from one IP address. Addresses of this machine have no limit of their
  // own. 0 means no limit.
  int max_per_address = 256;
  // The most bytes that the incomplete requests of all connections hold.
  uint64_t max_unfinished_bytes = uint64_t{256} << 20;
};

// Knows the connected sockets by their descriptors. gRPC closes them without notice, so the table
// asks the kernel which of them are still the same: a descriptor that was closed, or reused for
// something else, no longer has the same peer. Not thread-safe.
class ConnectionTable {
 public:
  enum class Verdict { kFits, kOverLimit, kOverAddressLimit, kBanned };

  explicit ConnectionTable(const ConnectionLimits& limits) : limits_(limits) {}

  // Says if one more connection from the address of `fd`, a connected socket, fits. Costs one
  // system call for each open connection if the table looks full.
  Verdict Check(int fd);
  // Adds a connected socket. A known descriptor is a closed connection whose number was reused.
  void Add(int fd);
  // Removes the connections that were closed. One system call for each connection.
  void Sweep();
  // Returns the peers to disconnect. `finished` is what they have finished sending since the last
  // time. Two or three system calls for each connection.
  //
  // Some peers have unread bytes that show an attack (flood_signs.h). A thread of gRPC may read
  // such a connection without end and then notices nothing else, so the bytes are looked at in the
  // kernel. Encrypted connections do not show it; they are found by how slowly they are read
  // (slow_read_watch.h). Others hold too much of incomplete requests (unfinished_requests.h).
  std::vector<std::string> FindFloods(const RequestProgress::Bytes& finished);
  // Shuts down the connection of the peer, given as gRPC formats it. Check() refuses its address
  // for `duration`, unless it is one of this machine's. Says what became of the peer.
  enum class BanResult { kUnknown, kLocal, kRemote };
  BanResult Ban(const std::string& peer, std::chrono::seconds duration);

  int size() const { return static_cast<int>(peers_.size()); }

 private:
  struct Peer {
    // The IP address; empty for callers on this machine.
    std::string address;
    // As gRPC formats it.
    std::string name;
    // Tells the sockets of one number apart.
    uint64_t inode = 0;
    SlowReadWatch watch;
    // The bytes of complete requests, among those that were read.
    uint64_t finished = 0;
    // True once the connection was shut down. gRPC closes it later.
    bool banned = false;
  };

  static Peer PeerOf(int fd);
  bool IsOpen(int fd, const Peer& peer) const;
  int CountOf(const std::string& address) const;
  bool IsBanned(const std::string& address);

  const ConnectionLimits limits_;
  std::unordered_map<int, Peer> peers_;
  std::unordered_map<std::string, int> by_address_;
  // The ends of the bans.
  std::unordered_map<std::string, std::chrono::steady_clock::time_point> bans_;
};

// Returns the limits lowered to what the process can have open, so that models and files still
// find descriptors.
ConnectionLimits WithinDescriptors(ConnectionLimits limits);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_CONNECTION_TABLE_H_
