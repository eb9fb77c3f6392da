// The names of model states and unload causes.
#include "registry/residency/model_state.h"

#include <string_view>

namespace assay::registry {

std::string_view ModelStateName(ModelState state) {
  switch (state) {
    case ModelState::kNew:
      return "new";
    case ModelState::kDownloading:
      return "downloading";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kReady:
      return "ready";
    case ModelState::kDraining:
      return "draining";
    case ModelState::kUnloaded:
      return "unloaded";
    case ModelState::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string_view UnloadCauseName(UnloadCause cause) {
  switch (cause) {
    case UnloadCause::kRequested:
      return "asked";
    case UnloadCause::kEvicted:
      return "evicted";
    case UnloadCause::kIdle:
      return "idle";
    case UnloadCause::kReloaded:
      return "reloaded";
  }
  return "unknown";
}

}  // namespace assay::registry
