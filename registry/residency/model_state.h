// The life cycle of a model, and the reasons for which it is unloaded.
#ifndef ASSAY_REGISTRY_RESIDENCY_MODEL_STATE_H_
#define ASSAY_REGISTRY_RESIDENCY_MODEL_STATE_H_

#include <string_view>

namespace assay::registry {

// kNew -> kDownloading -> kLoading -> kReady -> kDraining -> kUnloaded -> kLoading ...; any state
// -> kFailed, with a reason; a load whose callers cancelled it -> kNew.
enum class ModelState {
  kNew,          // Is in the catalog, but was never loaded, or its last load was cancelled.
  kDownloading,  // Its files are being downloaded to this machine.
  kLoading,      // Its weights are being read.
  kReady,        // Serves requests.
  kDraining,     // Refuses new requests and finishes the running ones.
  kUnloaded,     // Was resident once.
  kFailed,       // Its last load failed. The next Acquire() tries again.
};
std::string_view ModelStateName(ModelState state);

// Why a model is unloaded.
enum class UnloadCause {
  kRequested,  // A caller of Unload() requested it.
  kEvicted,    // Another model needs its memory.
  kIdle,       // It was not used for its keep_alive.
  kReloaded,   // The catalog changed.
};
// The names are label values of a metric.
std::string_view UnloadCauseName(UnloadCause cause);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_MODEL_STATE_H_
