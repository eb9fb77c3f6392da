// The LoadOptions resolved for one model. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_LOAD_PLAN_H_
#define ASSAY_ENGINE_RUNTIME_LOAD_PLAN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/architectures/model_files.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/packed_matrix.h"
#include "engine/runtime/executor/weight_choice.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {

// The concrete settings of a load.
struct LoadPlan {
  // The type of the computation: kFloat32, kFloat16 or kBFloat16.
  PackedType dtype = PackedType::kFloat32;
  WeightBits bits = WeightBits::kAsStored;
  // The type of the KV cache of the CPU's kernels. On other devices it has the dtype.
  KvType kv_type = KvType::kFloat16;
  // The maximum tokens of one sequence, and of all sequences in the KV cache.
  int64_t context = 0;
  int64_t cache_tokens = 0;
  // The maximum tokens of a step.
  int64_t step_tokens = 0;
  // The maximum rows of logits of a step.
  int64_t logit_rows = 0;
  // The maximum memory of the texts that are scored or wait for it.
  int64_t text_bytes = 0;
  // True if the CPU's own kernels compute.
  bool packed = false;

  int64_t pages() const { return PagesFor(cache_tokens); }
};

// Resolves `options` for a model. INVALID_ARGUMENT: an option is out of range. UNIMPLEMENTED: the
// device does not support an option. The message names the option and its value.
absl::StatusOr<LoadPlan> MakeLoadPlan(const ModelFiles& files, const LoadOptions& options);

// Returns "float32", "float16" or "bfloat16".
std::string DtypeName(PackedType dtype);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LOAD_PLAN_H_
