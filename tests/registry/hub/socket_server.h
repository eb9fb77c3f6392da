// A minimal HTTP/1.1 server that can break connections, stall and be slow.
#ifndef ASSAY_TESTS_REGISTRY_HUB_SOCKET_SERVER_H_
#define ASSAY_TESTS_REGISTRY_HUB_SOCKET_SERVER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/registry/hub/fake_hub.h"

namespace assay::registry {

// Serves one request per connection, on one thread each, on 127.0.0.1.
class SocketServer {
 public:
  using Handler = std::function<HubReply(const HubCall&)>;
  // Called for every piece of a body that was sent.
  using Sent = std::function<void(const HubCall&, int64_t bytes)>;

  SocketServer(bool storage, Handler handler, Sent sent);
  ~SocketServer();

  std::string Url() const;

 private:
  void Accept();
  void Serve(int connection);
  void SendBody(int connection, const HubCall& call, const HubReply& reply);
  // Sleeps. Returns false once the server stops.
  bool Pause(absl::Duration time) const;

  const bool storage_;
  const Handler handler_;
  const Sent sent_;
  std::atomic<bool> stopping_ = false;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  absl::Mutex mutex_;
  std::vector<std::thread> connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_TESTS_REGISTRY_HUB_SOCKET_SERVER_H_
