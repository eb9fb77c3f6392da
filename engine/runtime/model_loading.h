// The steps of a load that generative models and encoders share. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_MODEL_LOADING_H_
#define ASSAY_ENGINE_RUNTIME_MODEL_LOADING_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "engine/architectures/model_files.h"
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/language_model.h"
#include "engine/runtime/load_plan.h"
#include "engine/runtime/scheduler/model_executor.h"

namespace assay::engine {

// The parts of a load's time, for its progress.
inline constexpr double kOpeningShare = 0.05;
inline constexpr double kWeightsShare = 0.9;

// The first result of a load and of an estimate.
struct OpenedModel {
  ModelFiles files;
  LoadPlan plan;
};

// Opens the files and checks options and tensors, without reading a weight. Errors as
// LanguageModel::Load().
absl::StatusOr<OpenedModel> OpenModel(const LoadOptions& options);

// Returns what libtorch's operators on the device need for this model. The CPU's own kernels need
// nothing.
absl::StatusOr<DeviceQuirks> TestDeviceFor(const LoadOptions& options, const OpenedModel& opened);

// Reads the weights and makes what computes the model. Throws the exceptions of libtorch.
absl::StatusOr<std::unique_ptr<ModelExecutor>> LoadExecutor(const LoadOptions& options,
                                                            const OpenedModel& opened,
                                                            const DeviceQuirks& quirks);

// Returns the description of a loaded model, without its tokenizer, sampling and times.
LoadedModelInfo DescribeLoaded(const LoadOptions& options, const OpenedModel& opened,
                               const DeviceQuirks& quirks, const ModelExecutor& executor);

// Frees what the allocator of a device caches, in a turn of it. `doing` is for messages.
void ReleaseMemoryOf(const std::string& device, const char* doing);

// Returns what `load` makes of the options, with libtorch's exceptions as statuses. Frees what a
// failed load leaves in the allocator of the device.
template <typename Load>
auto LoadOrFree(const LoadOptions& options, const Load& load) {
  auto model = CatchTorch(absl::StrCat("loading ", options.path), [&] { return load(options); });
  // Tensors that were read before the failure are in the allocator's cache.
  if (!model.ok() && !options.device.name.empty()) {
    ReleaseMemoryOf(options.device.name, "freeing a failed load");
  }
  return model;
}

// Calls `work`, sets `time` to its duration and returns its result.
template <typename Work>
auto Timed(absl::Duration* time, const Work& work) {
  const SteadyTime start = SteadyTime::Now();
  auto result = work();
  *time = SteadyTime::Now() - start;
  return result;
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MODEL_LOADING_H_
