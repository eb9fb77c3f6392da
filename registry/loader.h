// What the registry needs from whoever turns an entry into a resident model; server/ implements it
// with engine/.
#ifndef ASSAY_REGISTRY_LOADER_H_
#define ASSAY_REGISTRY_LOADER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "registry/catalog.h"

namespace assay::registry {

// A resident model. Destroying it frees its memory.
class ResidentModel {
 public:
  virtual ~ResidentModel() = default;
  // Weights, KV cache and buffers, bytes.
  virtual int64_t resident_bytes() const = 0;
};

// stage: "opening", "weights", "warm-up"; fraction of the whole, 0 to 1.
using ProgressFn = std::function<void(std::string_view stage, double fraction)>;

// Thread-safe: several models may load at once.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;

  // An upper bound of resident_bytes() after Load, without loading weights. Cheap (reads a header).
  virtual absl::StatusOr<int64_t> Estimate(const ModelEntry& entry, const std::string& file) = 0;

  // Seconds. `file` is the entry's file on this machine. Polls `cancelled`; leaves nothing resident
  // on an error.
  virtual absl::StatusOr<std::unique_ptr<ResidentModel>> Load(
      const ModelEntry& entry, const std::string& file, const ProgressFn& progress,
      const std::function<bool()>& cancelled) = 0;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_LOADER_H_
