// The interface that turns a catalog entry into a resident model. server/ implements it with
// engine/.
#ifndef ASSAY_REGISTRY_RESIDENCY_LOADER_H_
#define ASSAY_REGISTRY_RESIDENCY_LOADER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

// A resident model. The destructor frees its memory.
class ResidentModel {
 public:
  virtual ~ResidentModel() = default;
  // The bytes of weights, KV cache and buffers.
  virtual int64_t resident_bytes() const = 0;
};

// The progress of a load.
struct LoadStep {
  // "downloading", "waiting for memory", "opening", "weights" or "warm-up".
  std::string_view stage;
  // From 0 to 1. First the fraction of the download, then the fraction of the whole load.
  double fraction = 0;
  // Set while downloading. The bytes count the whole download, including the bytes that were
  // already on the disk; the rate is the mean of the last five seconds. `time_left` is infinite
  // while no bytes arrive.
  int64_t bytes_done = 0;
  int64_t bytes_total = 0;
  double bytes_per_second = 0;
  absl::Duration time_left = absl::InfiniteDuration();
};

// Must not block, because other callers wait for the same load.
using ProgressFn = std::function<void(const LoadStep& step)>;

// Downloads the files of a repository into the Hub's cache on this machine, which takes minutes.
// Polls `context`. Thread-safe.
using FetchFn = std::function<absl::Status(const HubSource& source, const ProgressFn& progress,
                                           const CallContext& context)>;

// Loads models. Thread-safe: several models may load at the same time.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;

  // Returns an upper bound of resident_bytes() after Load(). Cheap: reads a header, no weights.
  virtual absl::StatusOr<int64_t> Estimate(const ModelEntry& entry, const std::string& file) = 0;

  // Loads the entry from `file`, its file or folder on this machine, which takes seconds. Polls
  // `context`. An error leaves nothing resident.
  virtual absl::StatusOr<std::unique_ptr<ResidentModel>> Load(const ModelEntry& entry,
                                                              const std::string& file,
                                                              const ProgressFn& progress,
                                                              const CallContext& context) = 0;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_LOADER_H_
