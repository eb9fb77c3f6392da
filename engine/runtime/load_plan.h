// What LoadOptions mean for one model. Private to this folder.
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

struct LoadPlan {
  // What is computed in: kFloat32, kFloat16 or kBFloat16.
  PackedType dtype = PackedType::kFloat32;
  WeightBits bits = WeightBits::kAsStored;
  // Of the CPU's kernels; elsewhere keys and values have the dtype.
  KvType kv_type = KvType::kFloat16;
  // Of one sequence, and of all together.
  int64_t context = 0;
  int64_t cache_tokens = 0;
  // Computed at once.
  int64_t step_tokens = 0;
  // Of them, those whose logits are asked for.
  int64_t logit_rows = 0;
  // The CPU's own kernels compute.
  bool packed = false;

  int64_t pages() const { return PagesFor(cache_tokens); }
};

// INVALID_ARGUMENT: an option outside its range; UNIMPLEMENTED: one that the device does not have.
// The message names the option and its value.
absl::StatusOr<LoadPlan> MakeLoadPlan(const ModelFiles& files, const LoadOptions& options);

// "float32", "float16", "bfloat16".
std::string DtypeName(PackedType dtype);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LOAD_PLAN_H_
