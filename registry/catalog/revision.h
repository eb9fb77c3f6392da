// Revisions: names of the exact weights and settings that are deployed. Evidence about a model only
// holds for the revision that was evaluated.
#ifndef ASSAY_REGISTRY_CATALOG_REVISION_H_
#define ASSAY_REGISTRY_CATALOG_REVISION_H_

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

// Computes revisions of catalog entries. Thread-safe. A revision is looked up at most once per
// `fresh_for`, which takes some system calls (the first time, 128 KiB of each file are read);
// otherwise a call takes about a microsecond.
//
// The revision of a repository is its commit (12 digits) and file. That of a path is "sha256:" and
// 12 digits of the digest over the names, sizes, and first and last 64 KiB of its weights (all
// parts), tokenizer and configuration. It is followed by the settings that change the output of the
// model, if they are not "auto" ("/weights=int8"), and by the kind of the device if it is not the
// CPU ("/cuda").
class Revisions {
 public:
  // `default_device` is the device of entries that name none: "cpu", "cuda:0", "mps".
  Revisions(std::string hub_cache, std::string default_device,
            absl::Duration fresh_for = absl::Seconds(1))
      : hub_cache_(std::move(hub_cache)),
        default_device_(std::move(default_device)),
        fresh_for_(fresh_for) {}

  // Returns an empty string if the files are not on this machine or cannot be read.
  std::string Of(const ModelEntry& entry) ABSL_LOCKS_EXCLUDED(mutex_);
  // Does the same for the file or folder that ResolveSource() has found. Ignores `fresh_for`.
  std::string OfFile(const ModelEntry& entry, const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct CachedBase {
    std::string base;
    SteadyTime looked_up;
  };

  // Returns the revision without the settings.
  std::string Base(const ModelEntry& entry, const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string DigestOf(const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the part of the revision that names settings and device.
  std::string Settings(const ModelEntry& entry) const;

  const std::string hub_cache_;
  const std::string default_device_;
  const absl::Duration fresh_for_;
  absl::Mutex mutex_;
  // The revisions without settings, by format and source.
  std::map<std::string, CachedBase> bases_ ABSL_GUARDED_BY(mutex_);
  // The file stamp (names, sizes and times) and the digest, by path.
  std::map<std::string, std::pair<std::string, std::string>> digests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_REVISION_H_
