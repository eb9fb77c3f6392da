// The steps of a load that generative models and encoders share.
#include "engine/runtime/model_loading.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/executor/cpu_executor.h"
#include "engine/runtime/executor/device_executor.h"
#include "engine/runtime/executor/device_self_test.h"
#include "engine/runtime/executor/device_turns.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/executor/weight_loader.h"
#include "engine/runtime/memory_need.h"
#include "engine/threads/thread_pool.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {
namespace {

at::ScalarType ScalarTypeOf(PackedType dtype) {
  if (dtype == PackedType::kFloat16) return at::kHalf;
  return dtype == PackedType::kBFloat16 ? at::kBFloat16 : at::kFloat;
}

// The threads of all models on the CPU. Each step gets a time slice.
ThreadPool& CpuPool() {
  static ThreadPool pool(at::get_num_threads());
  return pool;
}

}  // namespace

absl::StatusOr<OpenedModel> OpenModel(const LoadOptions& options) {
  if (options.device.name.empty()) {
    return absl::InvalidArgumentError("LoadOptions.device is empty; take one from ResolveDevice()");
  }
  ASSIGN_OR_RETURN(ModelFiles files, OpenModelFiles(options.path));
  files.name = ReplaceInvalidUtf8(files.name);
  ASSIGN_OR_RETURN(LoadPlan plan, MakeLoadPlan(files, options));
  // The check is before the first byte of a tensor is read, or another model is evicted for this
  // one.
  RETURN_IF_ERROR(CheckTransformerWeights(files));
  return OpenedModel{std::move(files), plan};
}

absl::StatusOr<DeviceQuirks> TestDeviceFor(const LoadOptions& options, const OpenedModel& opened) {
  if (opened.plan.packed) return DeviceQuirks();
  const at::Device device(options.device.name);
  const at::ScalarType dtype = ScalarTypeOf(opened.plan.dtype);
  ASSIGN_OR_RETURN(const DeviceQuirks quirks, QuirksOf(device, dtype));
  return TestAttention(opened.files.spec, device, dtype, quirks);
}

absl::StatusOr<std::unique_ptr<ModelExecutor>> LoadExecutor(const LoadOptions& options,
                                                            const OpenedModel& opened,
                                                            const DeviceQuirks& quirks) {
  const c10::InferenceMode inference;
  const LoadPlan& plan = opened.plan;
  TimeSliceQueue& turns = DeviceTurns(options.device.name);
  const ModelSpec& spec = opened.files.spec;
  const at::TensorOptions tensors =
      at::TensorOptions().dtype(ScalarTypeOf(plan.dtype)).device(at::Device(options.device.name));
  const auto progress = [&](double f) {
    if (options.progress) options.progress("weights", kOpeningShare + f * kWeightsShare);
  };
  WeightLoader loader(*opened.files.tensors, &CpuPool(), plan.packed ? nullptr : &turns,
                      {.progress = progress, .context = options.context});
  ASSIGN_OR_RETURN(
      TransformerWeights weights,
      LoadTransformerWeights(opened.files, loader, tensors,
                             {.packed = plan.packed, .full = plan.dtype, .bits = plan.bits}));
  if (!plan.packed) {
    return MakeDeviceExecutor(spec, std::move(weights), plan.context, plan.pages(), quirks, turns);
  }
  return MakeCpuExecutor(spec, std::move(weights),
                         {.context = plan.context,
                          .max_tokens = plan.step_tokens,
                          .logit_rows = plan.logit_rows,
                          .pages = plan.pages(),
                          .kv_type = plan.kv_type},
                         CpuPool());
}

LoadedModelInfo DescribeLoaded(const LoadOptions& options, const OpenedModel& opened,
                               const DeviceQuirks& quirks, const ModelExecutor& executor) {
  const ModelFiles& files = opened.files;
  const LoadPlan& plan = opened.plan;
  const bool stored = plan.bits == WeightBits::kAsStored;
  return {.architecture = files.spec.architecture,
          .name = files.name,
          .parameter_count = files.ParameterCount(),
          .context_length = static_cast<int>(plan.context),
          .vocab_size = static_cast<int>(files.spec.vocab),
          .device = options.device.name,
          .dtype = DtypeName(plan.dtype),
          .quantization =
              absl::StrCat(files.MainType(), stored ? "" : " as ", stored ? "" : options.weights),
          .weight_bytes = executor.weight_bytes(),
          .working_bytes = EstimateMemory(files, plan).working,
          .workarounds = Describe(quirks),
          .warnings = files.warnings};
}

void ReleaseMemoryOf(const std::string& device, const char* doing) {
  const absl::Status released = CatchTorch(doing, [&]() -> absl::Status {
    const TimeSliceLock turn(&DeviceTurns(device));
    ReleaseCachedMemory(at::Device(device));
    return absl::OkStatus();
  });
  // Nothing can be freed on a device that fails here.
  released.IgnoreError();
}

}  // namespace assay::engine
