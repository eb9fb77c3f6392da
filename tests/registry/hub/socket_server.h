// A bare HTTP/1.1 server that can also break off, fall silent and be slow.
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

// One request a connection, one thread each, on 127.0.0.1.
class SocketServer {
 public:
  using Handler = std::function<HubReply(const HubCall&)>;
  // Told of every piece of a body that went out.
  using Sent = std::function<void(const HubCall&, int64_t bytes)>;

  SocketServer(bool storage, Handler handler, Sent sent);
  ~SocketServer();

  std::string Url() const;

 private:
  void Accept();
  void Serve(int connection);
  void SendBody(int connection, const HubCall& call, const HubReply& reply);
  // False once the server stops.
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
