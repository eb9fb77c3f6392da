// The LoadOptions resolved for one model.
#include "engine/runtime/load_plan.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/runtime/likelihood.h"
#include "engine/runtime/scheduler/scheduler.h"

namespace assay::engine {
namespace {

// The buffers of a step hold at least this many tokens, for the readers of logits.
constexpr int64_t kMinStepTokens = 256;
constexpr int kMaxDraftTokens = 64;
// The tokens of one step of an encoder: enough to share each load of the weights, and few enough
// that other models wait only for tens of milliseconds.
constexpr int64_t kEncoderStepTokens = 512;

absl::StatusOr<PackedType> ParseDtype(const LoadOptions& options, const ModelSpec& spec) {
  const bool automatic = options.dtype == "auto";
  const std::string& name = automatic ? options.device.default_dtype : options.dtype;
  if (name == "float32") return PackedType::kFloat32;
  if (name == "float16" && automatic && spec.overflows_float16) return PackedType::kBFloat16;
  if (name == "float16") return PackedType::kFloat16;
  if (name == "bfloat16") return PackedType::kBFloat16;
  return absl::InvalidArgumentError(
      absl::StrCat("dtype \"", name, "\" is not one of auto, float32, float16, bfloat16"));
}

// Keys with a bias, as in Qwen2, have dimensions much larger than the others that share their
// scale.
KvType AutomaticKvType(const ModelSpec& spec, WeightBits bits, bool packed) {
  if (bits == WeightBits::kFull) return KvType::kFloat32;
  return packed && !spec.attention.qkv_bias ? KvType::kInt8 : KvType::kFloat16;
}

absl::StatusOr<KvType> ParseKvType(const LoadOptions& options, const ModelSpec& spec,
                                   WeightBits bits, bool packed) {
  if (options.kv_cache == "float32") return KvType::kFloat32;
  if (options.kv_cache == "float16") return KvType::kFloat16;
  if (options.kv_cache == "int8") {
    if (packed) return KvType::kInt8;
    return absl::UnimplementedError(absl::StrCat(
        "kv_cache \"int8\" is for the CPU's kernels only, and this model would run on ",
        options.device.name, "; leave kv_cache out there"));
  }
  if (options.kv_cache == "auto") return AutomaticKvType(spec, bits, packed);
  return absl::InvalidArgumentError(absl::StrCat("kv_cache \"", options.kv_cache,
                                                 "\" is not one of auto, float32, float16, int8"));
}

absl::Status CheckLimits(const LoadOptions& options) {
  if (options.draft_tokens < 0 || options.draft_tokens > kMaxDraftTokens) {
    return absl::InvalidArgumentError(absl::StrCat("draft_tokens is ", options.draft_tokens,
                                                   "; it must be 0 to ", kMaxDraftTokens));
  }
  if (options.prefill_chunk >= 1 && options.max_running >= 1 && options.max_waiting >= 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "prefill_chunk is ", options.prefill_chunk, ", max_running ", options.max_running,
      ", max_waiting ", options.max_waiting, "; they must be at least 1, 1 and 0"));
}

absl::Status CheckEncoderOptions(const LoadOptions& options) {
  if (options.kv_cache == "auto" && options.cache_tokens == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("kv_cache is \"", options.kv_cache,
                                                 "\" and cache_tokens ", options.cache_tokens,
                                                 "; an encoder keeps no KV cache: leave both out"));
}

// Texts are computed as a whole in fp32. Each may leave a part of its last page empty.
LoadPlan EncoderPlan(LoadPlan plan) {
  plan.step_tokens = std::max(kEncoderStepTokens, plan.context);
  plan.cache_tokens = 2 * plan.step_tokens;
  plan.kv_type = KvType::kFloat32;
  plan.logit_rows = 0;
  return plan;
}

}  // namespace

absl::StatusOr<LoadPlan> MakeLoadPlan(const ModelFiles& files, const LoadOptions& options) {
  RETURN_IF_ERROR(CheckLimits(options));
  ASSIGN_OR_RETURN(const PackedType dtype, ParseDtype(options, files.spec));
  ASSIGN_OR_RETURN(const WeightBits bits, ParseWeights(options.weights));
  const int64_t own = files.spec.context_length;
  if (options.context_length < 0 || options.context_length > own) {
    return absl::InvalidArgumentError(absl::StrCat(options.path, ": context_length ",
                                                   options.context_length, " is outside 0 to ", own,
                                                   ", the model's own context length"));
  }
  const int64_t context = options.context_length == 0 ? std::min<int64_t>(own, kDefaultMaxContext)
                                                      : options.context_length;
  const bool packed = options.device.kind == DeviceKind::kCpu && options.cpu_kernels;
  if (files.spec.encoder) {
    RETURN_IF_ERROR(CheckEncoderOptions(options));
    return EncoderPlan({.dtype = dtype, .bits = bits, .context = context, .packed = packed});
  }
  ASSIGN_OR_RETURN(const KvType kv_type, ParseKvType(options, files.spec, bits, packed));
  if (options.cache_tokens != 0 && options.cache_tokens < context) {
    return absl::InvalidArgumentError(absl::StrCat("cache_tokens is ", options.cache_tokens,
                                                   "; it must be at least the context length, ",
                                                   context, ", or 0"));
  }
  const int64_t max_step_tokens = Scheduler::MaxTokens(options.max_running, options.prefill_chunk);
  return LoadPlan{
      .dtype = dtype,
      .bits = bits,
      .kv_type = kv_type,
      .context = context,
      .cache_tokens = options.cache_tokens == 0 ? std::max<int64_t>(context, kDefaultCacheTokens)
                                                : options.cache_tokens,
      .step_tokens = std::max(kMinStepTokens, max_step_tokens),
      .logit_rows = Scheduler::MaxRows(options.max_running),
      .text_bytes =
          MaxLikelihoodBytes(Scheduler::MaxTexts(options.max_running, options.max_waiting),
                             Scheduler::kMaxTextBytes, context),
      .packed = packed};
}

std::string DtypeName(PackedType dtype) {
  if (dtype == PackedType::kFloat16) return "float16";
  return dtype == PackedType::kBFloat16 ? "bfloat16" : "float32";
}

}  // namespace assay::engine
