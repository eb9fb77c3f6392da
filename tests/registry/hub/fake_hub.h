// A fake Hugging Face Hub with its storage host in the process of the test, with faults on demand.
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

// A request to the fake Hub.
struct HubCall {
  // True if the call goes to the storage host instead of the Hub.
  bool storage = false;
  std::string method;
  // Includes the query.
  std::string path;
  // The names are in lower case.
  std::map<std::string, std::string> headers;
  // The offset of a Range header; 0 without one.
  int64_t offset = 0;
};

// A reply and its faults.
struct HubReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // The Content-Length; -1 = the size of the body.
  int64_t length = -1;
  // The connection breaks after this many bytes of the body; -1 = never.
  int64_t drop_after = -1;
  // The connection stalls after this many bytes, until the server stops; -1 = never.
  int64_t stall_after = -1;
  // 0 = unlimited.
  int64_t bytes_per_second = 0;
};

// Serves the repository org/model with the branch main at commit kCommit. Small files come from the
// Hub itself, LFS files through a redirect to the storage host. Thread-safe.
class FakeHub {
 public:
  static constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

  // Returns the reply to send instead of `right`; nullopt = send `right`.
  using Fault = std::function<std::optional<HubReply>(const HubCall&, const HubReply& right)>;

  FakeHub();
  ~FakeHub();

  std::string Url() const;
  std::string StorageUrl() const;
  void AddFile(const std::string& name, const std::string& content, bool lfs);
  void SetFault(Fault fault);
  // Replaces the listing of the API.
  void SetListing(const std::string& json);
  // Makes the listing contain only names, like that of some mirrors.
  void ListNamesOnly();

  // Returns the name of the blob in the cache.
  std::string Hash(const std::string& name);
  std::vector<HubCall> Calls();
  // Returns the number of requests whose path contains `part`.
  int Count(const std::string& part);
  // Returns the number of bytes of the file that both hosts have sent.
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
