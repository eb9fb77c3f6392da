// A Hugging Face Hub and its storage host in this process, with faults on demand.
#ifndef ASSAY_TESTS_REGISTRY_HUB_FAKE_HUB_H_
#define ASSAY_TESTS_REGISTRY_HUB_FAKE_HUB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::registry {

class SocketServer;

struct HubCall {
  // At the storage host, not at the Hub.
  bool storage = false;
  std::string method;
  // With the query.
  std::string path;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  // Offset asked for with Range; 0 without.
  int64_t offset = 0;
};

struct HubReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Content-Length; -1 = the body's.
  int64_t length = -1;
  // The connection breaks after so many bytes of the body; -1 = never.
  int64_t drop_after = -1;
  // Silence after so many bytes, until the server stops; -1 = never.
  int64_t stall_after = -1;
  // 0 = at once.
  int64_t bytes_per_second = 0;
};

// Serves one repository, org/model, at commit kCommit, whose branch is main. Small files come from
// the Hub itself, LFS files by a redirect to the storage host. Thread-safe.
class FakeHub {
 public:
  static constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

  // What to answer in place of the right reply, which it gets; nullopt = that.
  using Fault = std::function<std::optional<HubReply>(const HubCall&, const HubReply& right)>;

  FakeHub();
  ~FakeHub();

  std::string Url() const;
  std::string StorageUrl() const;
  void AddFile(const std::string& name, const std::string& content, bool lfs);
  void SetFault(Fault fault);
  // In place of the API's listing.
  void SetListing(const std::string& json);
  // The listing says names alone, as some mirrors do.
  void ListNamesOnly();

  // The blob's name in the cache.
  std::string Hash(const std::string& name);
  std::vector<HubCall> Calls();
  // Requests whose path contains `part`.
  int Count(const std::string& part);
  // Of bodies of files, from either host.
  int64_t BodyBytes(const std::string& name);

 private:
  struct File {
    std::string content;
    std::string hash;
    bool lfs;
  };

  HubReply Answer(const HubCall& call);
  HubReply RightReply(const HubCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  HubReply Content(const HubCall& call, const File& file) const;
  std::string Listing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountBody(const HubCall& call, int64_t bytes);
  std::string FileOf(const HubCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, File> files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> body_bytes_ ABSL_GUARDED_BY(mutex_);
  std::vector<HubCall> calls_ ABSL_GUARDED_BY(mutex_);
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> listing_ ABSL_GUARDED_BY(mutex_);
  bool names_only_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<SocketServer> hub_;
  std::unique_ptr<SocketServer> storage_;
};

}  // namespace assay::registry

#endif  // ASSAY_TESTS_REGISTRY_HUB_FAKE_HUB_H_
