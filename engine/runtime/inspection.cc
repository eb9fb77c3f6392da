// What a model on disk is and what it would take.
#include "engine/runtime/inspection.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/architectures/model_files.h"
#include "engine/runtime/device.h"
#include "engine/runtime/language_model.h"
#include "engine/runtime/memory_need.h"
#include "engine/runtime/prompt_encoder.h"

namespace assay::engine {
namespace {

std::vector<StoredShare> TypesOf(const ModelFiles& files) {
  std::map<GgmlType, StoredShare> shares;
  for (const StoredTensor& tensor : files.tensors->tensors()) {
    StoredShare& share = shares[tensor.type];
    share.type = GgmlTypeName(tensor.type);
    share.tensors += 1;
    share.parameters += tensor.ElementCount();
    share.bytes += static_cast<int64_t>(tensor.data.size());
  }
  std::vector<StoredShare> out;
  out.reserve(shares.size());
  for (auto& [type, share] : shares) out.push_back(std::move(share));
  std::sort(out.begin(), out.end(),
            [](const StoredShare& a, const StoredShare& b) { return a.bytes > b.bytes; });
  return out;
}

// The element's size where "auto" picks the type.
DeviceNeed NeedOn(const DeviceInfo& device, const ModelFiles& files, WeightBits bits,
                  int64_t context) {
  constexpr int64_t kFloatBytes = 4;
  constexpr int64_t kHalfBytes = 2;
  const bool half = device.default_dtype != "float32";
  const std::string dtype =
      half && files.spec.overflows_float16 ? "bfloat16" : device.default_dtype;
  const bool packed = device.kind == DeviceKind::kCpu;
  const int64_t element = half ? kHalfBytes : kFloatBytes;
  return {.device = device.name,
          .dtype = dtype,
          .need = NeedOf(files, {.element_bytes = element,
                                 .packed = packed,
                                 .bits = bits,
                                 .kv_element_bytes = packed ? kHalfBytes : element,
                                 .context = context,
                                 .cache_tokens = std::max<int64_t>(context, kDefaultCacheTokens),
                                 .step_tokens = LoadOptions().prefill_chunk}),
          .device_bytes = device.memory_bytes};
}

void DescribeText(const ModelFiles& files, int context, ModelInspection* out) {
  const absl::StatusOr<std::unique_ptr<PromptEncoder>> encoder =
      PromptEncoder::Make(files, context);
  if (!encoder.ok()) {
    out->tokenizer = std::string(encoder.status().message());
    out->chat_template = "unknown: the tokenizer cannot be read";
    return;
  }
  const Tokenizer& tokenizer = (*encoder)->tokenizer();
  out->tokenizer =
      absl::StrCat(std::string(tokenizer.kind()), ", ", tokenizer.vocab_size(), " tokens");
  const absl::Status problem = (*encoder)->chat_template_status();
  if (problem.ok()) {
    out->chat_template = "yes";
  } else if (absl::IsNotFound(problem)) {
    out->chat_template = "no (a base model: prompts go to it as they are)";
  } else {
    out->chat_template = absl::StrCat("cannot be read: ", problem.message());
  }
}

}  // namespace

absl::StatusOr<ModelInspection> InspectModel(const std::string& path, const std::string& weights) {
  const absl::StatusOr<WeightBits> bits = ParseWeights(weights);
  if (!bits.ok()) return bits.status();
  const absl::StatusOr<ModelFiles> files = OpenModelFiles(path);
  if (!files.ok()) return files.status();
  const ModelSpec& spec = files->spec;
  const int64_t context = std::min<int64_t>(spec.context_length, kDefaultMaxContext);
  ModelInspection out{.path = path,
                      .name = files->name,
                      .format = files->gguf == nullptr ? "safetensors" : "gguf",
                      .architecture = spec.architecture,
                      .parameter_count = files->ParameterCount(),
                      .types = TypesOf(*files),
                      .layers = spec.layers,
                      .hidden = spec.hidden,
                      .heads = spec.attention.heads,
                      .kv_heads = spec.attention.kv_heads,
                      .head_dim = spec.attention.head_dim,
                      .vocab_size = spec.vocab,
                      .context_length = spec.context_length,
                      .served_context = context};
  DescribeText(*files, static_cast<int>(context), &out);
  for (const char* name : {"mps", "cuda", "cpu"}) {
    const absl::StatusOr<DeviceInfo> device = ResolveDevice(name);
    if (device.ok()) out.devices.push_back(NeedOn(*device, *files, *bits, context));
  }
  return out;
}

}  // namespace assay::engine
