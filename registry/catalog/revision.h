// What is deployed of a model: evidence counts for that and nothing else.
#ifndef ASSAY_REGISTRY_CATALOG_REVISION_H_
#define ASSAY_REGISTRY_CATALOG_REVISION_H_

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

// Names revisions. Thread-safe. A name is looked up at most once in `fresh_for` (some system calls;
// the first look at a file reads 128 KiB of it), otherwise it takes a microsecond.
//
// A repository: its commit (12 digits) and file. A path: "sha256:" and 12 digits of the digest over
// the names, sizes, first and last 64 KiB of its weights (all parts of them), tokenizer and
// configuration. Then the settings that change what the model writes, where they are not "auto"
// ("/weights=int8"), and the kind of device where it is not the CPU ("/cuda").
class Revisions {
 public:
  // default_device: "cpu", "cuda:0", "mps": of entries that name none.
  Revisions(std::string hub_cache, std::string default_device,
            absl::Duration fresh_for = absl::Seconds(1))
      : hub_cache_(std::move(hub_cache)),
        default_device_(std::move(default_device)),
        fresh_for_(fresh_for) {}

  // Empty: the files are not on this machine, or cannot be read.
  std::string Of(const ModelEntry& entry) ABSL_LOCKS_EXCLUDED(mutex_);
  // The same where ResolveSource() has found the entry's file or folder already; looks at it now.
  std::string OfFile(const ModelEntry& entry, const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Name {
    std::string name;
    absl::Time looked_up;
  };

  // Without the settings.
  std::string Base(const ModelEntry& entry, const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string DigestOf(const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Settings(const ModelEntry& entry) const;

  const std::string hub_cache_;
  const std::string default_device_;
  const absl::Duration fresh_for_;
  absl::Mutex mutex_;
  // By format and source.
  std::map<std::string, Name> names_ ABSL_GUARDED_BY(mutex_);
  // By path: what it looked like (names, sizes, times) and its digest.
  std::map<std::string, std::pair<std::string, std::string>> digests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_REVISION_H_
