// Inspection of a model on disk without loading it: architecture, tensors, memory.
#include "engine/runtime/inspection.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/slots.h"
#include "base/status_macros.h"
#include "base/trim_heap.h"
#include "base/utf8.h"
#include "engine/architectures/model_files.h"
#include "engine/runtime/device.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/inspection_memory.h"
#include "engine/runtime/load_plan.h"
#include "engine/runtime/memory_need.h"
#include "engine/runtime/prompt_encoder.h"
#include "engine/runtime/sentence_config.h"

namespace assay::engine {
namespace {

// An inspection takes up to some hundred MiB for a moment.
constexpr int kMaxInspections = 2;

std::vector<StoredShare> TypesOf(const ModelFiles& files) {
  std::map<std::string, StoredShare> shares;
  const auto count = [&](const std::string& type, bool is_read, int64_t elements, int64_t bytes) {
    StoredShare& share = shares[type];
    share.type = type;
    share.is_read = is_read;
    share.tensors += 1;
    share.parameters += elements;
    share.bytes += bytes;
  };
  for (const StoredTensor& tensor : files.tensors->tensors()) {
    count(GgmlTypeName(tensor.type), true, tensor.ElementCount(),
          static_cast<int64_t>(tensor.data.size()));
  }
  for (const UnreadTensor& tensor : files.tensors->unread()) {
    count(tensor.type, false, tensor.elements, tensor.bytes);
  }
  std::vector<StoredShare> out;
  out.reserve(shares.size());
  for (auto& [type, share] : shares) out.push_back(std::move(share));
  std::sort(out.begin(), out.end(),
            [](const StoredShare& a, const StoredShare& b) { return a.bytes > b.bytes; });
  return out;
}

// Returns the devices of this machine. `first` is the first one if it has a name.
std::vector<DeviceInfo> AllDevices(const DeviceInfo& first) {
  std::vector<DeviceInfo> devices;
  if (!first.name.empty()) devices.push_back(first);
  for (const char* name : {"mps", "cuda", "cpu"}) {
    absl::StatusOr<DeviceInfo> device = ResolveDevice(name);
    if (device.ok() && device->name != first.name) devices.push_back(*std::move(device));
  }
  return devices;
}

std::string DescribeTemplates(const ChatTemplates& templates) {
  if (templates.empty()) return "no (a base model: prompts go to it as they are)";
  if (!templates.status().ok()) {
    return absl::StrCat("cannot be read: ", templates.status().message());
  }
  if (templates.entries().size() == 1) return "yes";
  return absl::StrCat("yes: ",
                      absl::StrJoin(templates.entries(), ", ",
                                    [](std::string* text, const ChatTemplates::Entry& entry) {
                                      text->append(entry.name);
                                      if (!entry.parsed.ok()) text->append(" (cannot be used)");
                                    }));
}

void DescribeText(const ModelFiles& files, int context, ModelInspection* out) {
  const absl::StatusOr<std::unique_ptr<PromptEncoder>> encoder =
      PromptEncoder::Make(files, context);
  if (!encoder.ok()) {
    out->tokenizer = std::string(encoder.status().message());
    out->chat_template = "unknown: the tokenizer cannot be read";
    out->loads.Update(encoder.status());
    return;
  }
  const Tokenizer& tokenizer = (*encoder)->tokenizer();
  out->tokenizer =
      absl::StrCat(std::string(tokenizer.kind()), ", ", tokenizer.vocab_size(), " tokens");
  out->chat_template = DescribeTemplates((*encoder)->chat_templates());
}

void DescribeEncoder(const ModelFiles& files, int64_t context, ModelInspection* out) {
  out->embedding_dimension = files.spec.hidden;
  out->chat_template = "no (an encoder: it computes vectors, and no text)";
  const absl::StatusOr<SentenceConfig> sentence =
      ReadSentenceConfig(files.tensors->path(), files.spec.hidden, context);
  out->loads.Update(sentence.status());
  out->embedding = sentence.ok() ? sentence->Describe() : std::string(sentence.status().message());
}

absl::StatusOr<ModelInspection> Inspect(LoadOptions options) {
  ASSIGN_OR_RETURN(const ModelFiles files, OpenModelFiles(options.path));
  const ModelSpec& spec = files.spec;
  const DeviceInfo requested = options.device;
  ASSIGN_OR_RETURN(const DeviceInfo cpu, ResolveDevice("cpu"));
  options.device = cpu;
  ASSIGN_OR_RETURN(const LoadPlan on_cpu, MakeLoadPlan(files, options));
  const int64_t context = on_cpu.context;
  ModelInspection out{.path = options.path,
                      .name = ReplaceInvalidUtf8(files.name),
                      .format = files.gguf == nullptr ? "safetensors" : "gguf",
                      .architecture = spec.architecture,
                      .parameter_count = files.ParameterCount(),
                      .types = TypesOf(files),
                      .layers = spec.layers,
                      .hidden = spec.hidden,
                      .heads = spec.attention.heads,
                      .kv_heads = spec.attention.kv_heads,
                      .head_dim = spec.attention.head_dim,
                      .vocab_size = spec.vocab,
                      .context_length = spec.context_length,
                      .served_context = context,
                      .sampling = ReadModelSampling(files),
                      .loads = CheckTransformerWeights(files),
                      .warnings = files.warnings};
  DescribeText(files, static_cast<int>(context), &out);
  if (spec.encoder) DescribeEncoder(files, context, &out);
  for (const DeviceInfo& device : AllDevices(requested)) {
    options.device = device;
    const absl::StatusOr<LoadPlan> plan = MakeLoadPlan(files, options);
    if (!plan.ok()) {
      // The device does not support the options.
      if (device.name == requested.name) out.loads.Update(plan.status());
      continue;
    }
    out.devices.push_back({.device = device.name,
                           .dtype = DtypeName(plan->dtype),
                           .need = EstimateMemory(files, *plan),
                           .device_bytes = device.memory_bytes});
  }
  RETURN_IF_ERROR(files.tensors->CheckUnchanged());
  return out;
}

}  // namespace

absl::StatusOr<ModelInspection> InspectModel(LoadOptions options,
                                             const ReserveInspectionFn& reserve) {
  static Slots slots(kMaxInspections);
  ASSIGN_OR_RETURN(const Slots::Slot slot,
                   slots.Acquire(options.context, "inspections are running"));
  const std::string doing = absl::StrCat("inspecting ", options.path);
  return CatchTorch(doing, [&]() -> absl::StatusOr<ModelInspection> {
    std::shared_ptr<void> reserved;
    if (reserve) {
      ASSIGN_OR_RETURN(reserved, reserve(EstimateInspectionBytes(options.path)));
    }
    absl::StatusOr<ModelInspection> inspection = Inspect(std::move(options));
    TrimHeap();
    return inspection;
  });
}

}  // namespace assay::engine
