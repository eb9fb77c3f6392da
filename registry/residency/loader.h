// What the registry needs from whoever turns an entry into a resident model; server/ implements it
// with engine/.
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

// A resident model. Destroying it frees its memory.
class ResidentModel {
 public:
  virtual ~ResidentModel() = default;
  // Weights, KV cache and buffers, bytes.
  virtual int64_t resident_bytes() const = 0;
};

// How far a load is.
struct LoadStep {
  // "downloading", "waiting for memory", "opening", "weights", "warm-up".
  std::string_view stage;
  // 0 to 1: of the download, then over the whole load.
  double fraction = 0;
  // "downloading": of the whole download, what is there already included; the rate over the last
  // five seconds; InfiniteDuration() while nothing comes.
  int64_t bytes_done = 0;
  int64_t bytes_total = 0;
  double bytes_per_second = 0;
  absl::Duration time_left = absl::InfiniteDuration();
};

// Must not block: others wait for the same load.
using ProgressFn = std::function<void(const LoadStep& step)>;

// Brings a repository's files onto this machine, into the Hub's cache; minutes. Polls `context`.
// Thread-safe.
using FetchFn = std::function<absl::Status(const HubSource& source, const ProgressFn& progress,
                                           const CallContext& context)>;

// Thread-safe: several models may load at once.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;

  // An upper bound of resident_bytes() after Load, without loading weights. Cheap (reads a header).
  virtual absl::StatusOr<int64_t> Estimate(const ModelEntry& entry, const std::string& file) = 0;

  // Seconds. `file` is the entry's file on this machine. Polls `context`; leaves nothing resident
  // on an error.
  virtual absl::StatusOr<std::unique_ptr<ResidentModel>> Load(const ModelEntry& entry,
                                                              const std::string& file,
                                                              const ProgressFn& progress,
                                                              const CallContext& context) = 0;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_LOADER_H_
