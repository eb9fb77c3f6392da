// A model in memory, ready to generate.
#include "engine/runtime/language_model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/architectures/model_files.h"
#include "engine/runtime/cpu_executor.h"
#include "engine/runtime/device_executor.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/logits_reader.h"
#include "engine/runtime/memory_need.h"
#include "engine/runtime/prompt_encoder.h"
#include "engine/runtime/scheduler.h"
#include "engine/runtime/torch_status.h"
#include "engine/runtime/transformer_weights.h"
#include "engine/runtime/weight_loader.h"

namespace assay::engine {
namespace {

// Shares of a load's time, for its progress.
constexpr double kOpeningShare = 0.05;
constexpr double kWeightsShare = 0.9;
// Least tokens that the buffers of a step hold, for the readers of logits.
constexpr int64_t kLeastStepTokens = 256;

int64_t StepTokens(const LoadOptions& options) {
  return std::max<int64_t>(kLeastStepTokens, options.prefill_chunk + options.max_running);
}

absl::StatusOr<at::ScalarType> ParseDtype(const LoadOptions& options, const ModelSpec& spec) {
  const bool automatic = options.dtype == "auto";
  const std::string& name = automatic ? options.device.default_dtype : options.dtype;
  if (name == "float32") return at::kFloat;
  if (name == "float16" && automatic && spec.overflows_float16) return at::kBFloat16;
  if (name == "float16") return at::kHalf;
  if (name == "bfloat16") return at::kBFloat16;
  return absl::InvalidArgumentError(
      absl::StrCat("dtype \"", name, "\" is none of auto, float32, float16, bfloat16"));
}

std::string DtypeName(at::ScalarType dtype) {
  if (dtype == at::kHalf) return "float16";
  return dtype == at::kBFloat16 ? "bfloat16" : "float32";
}

// What both Load() and EstimateBytes() need to know first.
struct Plan {
  ModelFiles files;
  at::ScalarType dtype;
  WeightBits bits;
  KvType kv_type;
  int64_t context;
  int64_t cache_tokens;
  // The CPU's own kernels compute.
  bool packed;

  int64_t pages() const { return PagesFor(cache_tokens); }
  PackedType full() const {
    if (dtype == at::kHalf) return PackedType::kFloat16;
    return dtype == at::kBFloat16 ? PackedType::kBFloat16 : PackedType::kFloat32;
  }
};

absl::StatusOr<KvType> ParseKvType(const LoadOptions& options, WeightBits bits) {
  if (options.kv_cache == "float32") return KvType::kFloat32;
  if (options.kv_cache == "float16") return KvType::kFloat16;
  if (options.kv_cache == "auto") {
    return bits == WeightBits::kFull ? KvType::kFloat32 : KvType::kFloat16;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("kv_cache \"", options.kv_cache, "\" is none of auto, float32, float16"));
}

// The threads of every model on the CPU: their steps take turns.
ThreadPool& CpuPool() {
  static ThreadPool pool(at::get_num_threads());
  return pool;
}

absl::StatusOr<Plan> MakePlan(const LoadOptions& options) {
  if (options.device.name.empty()) {
    return absl::InvalidArgumentError("LoadOptions.device is empty; take one from ResolveDevice()");
  }
  absl::StatusOr<ModelFiles> files = OpenModelFiles(options.path);
  if (!files.ok()) return files.status();
  const absl::StatusOr<at::ScalarType> dtype = ParseDtype(options, files->spec);
  if (!dtype.ok()) return dtype.status();
  const absl::StatusOr<WeightBits> bits = ParseWeights(options.weights);
  if (!bits.ok()) return bits.status();
  const int64_t own = files->spec.context_length;
  if (options.context_length < 0 || options.context_length > own) {
    return absl::InvalidArgumentError(absl::StrCat(options.path, ": context_length ",
                                                   options.context_length, " is outside 0 to ", own,
                                                   ", the model's own"));
  }
  const int64_t context = options.context_length == 0 ? std::min<int64_t>(own, kDefaultMaxContext)
                                                      : options.context_length;
  const absl::StatusOr<KvType> kv_type = ParseKvType(options, *bits);
  if (!kv_type.ok()) return kv_type.status();
  if (options.cache_tokens != 0 && options.cache_tokens < context) {
    return absl::InvalidArgumentError(absl::StrCat("cache_tokens ", options.cache_tokens,
                                                   " holds no request of the context, ", context,
                                                   " tokens"));
  }
  const int64_t cache_tokens = options.cache_tokens == 0
                                   ? std::max<int64_t>(context, kDefaultCacheTokens)
                                   : options.cache_tokens;
  const bool packed = options.device.kind == DeviceKind::kCpu && options.cpu_kernels;
  return Plan{*std::move(files), *dtype, *bits, *kv_type, context, cache_tokens, packed};
}

class TransformerLanguageModel : public LanguageModel {
 public:
  TransformerLanguageModel(LoadedModelInfo info, const Scheduler::Options& options,
                           std::unique_ptr<PromptEncoder> encoder,
                           std::unique_ptr<ModelExecutor> executor)
      : info_(std::move(info)),
        prefill_chunk_(options.prefill_chunk),
        encoder_(std::move(encoder)),
        executor_(std::move(executor)) {
    info_.kv_cache_bytes = executor_->cache_bytes();
    scheduler_ = std::make_unique<Scheduler>(
        Scheduler::Model{.name = info_.name,
                         .executor = executor_.get(),
                         .tokenizer = &encoder_->tokenizer(),
                         .encode = [this](const Prompt& p) { return encoder_->Encode(p); },
                         .context = info_.context_length},
        options);
  }

  ~TransformerLanguageModel() override {
    scheduler_.reset();
    executor_.reset();
    const absl::Status released = CatchTorch("freeing a model", [&]() -> absl::Status {
      ReleaseCachedMemory(at::Device(info_.device));
      return absl::OkStatus();
    });
    // A device that fails here has nothing left to free.
    released.IgnoreError();
  }

  void SetLoadTime(absl::Duration time) { info_.load_time = time; }

  const LoadedModelInfo& info() const override { return info_; }
  const Tokenizer& tokenizer() const override { return encoder_->tokenizer(); }

  absl::StatusOr<std::vector<TokenId>> Tokenize(const Prompt& prompt) const override {
    absl::StatusOr<EncodedPrompt> encoded = encoder_->Encode(prompt);
    if (!encoded.ok()) return encoded.status();
    return std::move(encoded->tokens);
  }

  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request) override {
    return scheduler_->Submit(std::move(request));
  }
  int running() const override { return scheduler_->running(); }
  int waiting() const override { return scheduler_->waiting(); }

  absl::StatusOr<std::vector<float>> Logits(absl::Span<const TokenId> tokens) override {
    if (absl::Status valid = CheckSequence(tokens); !valid.ok()) return valid;
    std::vector<float> logits;
    absl::Status read = scheduler_->RunAlone([&](ModelExecutor& executor) {
      return ReadLogits(executor, tokens, prefill_chunk_, info_.vocab_size, &logits);
    });
    if (!read.ok()) return read;
    return logits;
  }

  absl::StatusOr<std::vector<std::vector<float>>> BatchLogits(
      absl::Span<const std::vector<TokenId>> sequences) override {
    for (const std::vector<TokenId>& sequence : sequences) {
      if (absl::Status valid = CheckSequence(sequence); !valid.ok()) return valid;
    }
    std::vector<std::vector<float>> logits;
    absl::Status read = scheduler_->RunAlone([&](ModelExecutor& executor) {
      return ReadBatchLogits(executor, sequences, info_.vocab_size, &logits);
    });
    if (!read.ok()) return read;
    return logits;
  }

 private:
  absl::Status CheckSequence(absl::Span<const TokenId> tokens) const {
    if (tokens.empty() || tokens.size() > static_cast<size_t>(info_.context_length)) {
      return absl::InvalidArgumentError(absl::StrCat(tokens.size(), " tokens; there must be 1 to ",
                                                     info_.context_length, ", the context"));
    }
    return encoder_->CheckTokens(tokens);
  }

  LoadedModelInfo info_;
  const int prefill_chunk_;
  const std::unique_ptr<PromptEncoder> encoder_;
  std::unique_ptr<ModelExecutor> executor_;
  std::unique_ptr<Scheduler> scheduler_;
};

absl::StatusOr<std::unique_ptr<ModelExecutor>> LoadExecutor(const LoadOptions& options,
                                                            const Plan& plan) {
  const c10::InferenceMode inference;
  const at::TensorOptions tensors =
      at::TensorOptions().dtype(plan.dtype).device(at::Device(options.device.name));
  const auto progress = [&](double f) {
    if (options.progress) options.progress("weights", kOpeningShare + f * kWeightsShare);
  };
  WeightLoader loader(*plan.files.tensors, {.progress = progress, .cancelled = options.cancelled});
  absl::StatusOr<TransformerWeights> weights = LoadTransformerWeights(
      plan.files, loader, tensors, {.packed = plan.packed, .full = plan.full(), .bits = plan.bits});
  if (!weights.ok()) return weights.status();
  if (!plan.packed) {
    return MakeDeviceExecutor(plan.files.spec, *std::move(weights), plan.context, plan.pages());
  }
  return MakeCpuExecutor(plan.files.spec, *std::move(weights),
                         {.context = plan.context,
                          .max_tokens = StepTokens(options),
                          .pages = plan.pages(),
                          .kv_type = plan.kv_type},
                         CpuPool());
}

// Keys that were turned for a short text are wrong in a long one.
bool KeysDependOnLength(const ModelSpec& spec) {
  return spec.rope.scaling == RopeScaling::kDynamic || spec.rope.scaling == RopeScaling::kLongRope;
}

absl::Status WarmUp(LanguageModel& model) {
  const TokenId any_token = 0;
  return model.Logits({&any_token, 1}).status();
}

absl::StatusOr<std::unique_ptr<LanguageModel>> LoadModel(const LoadOptions& options) {
  const absl::Time start = absl::Now();
  const auto report = [&](std::string_view stage, double fraction) {
    if (options.progress) options.progress(stage, fraction);
  };
  if (options.prefill_chunk < 1 || options.max_running < 1 || options.max_waiting < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "prefill_chunk is ", options.prefill_chunk, ", max_running ", options.max_running,
        ", max_waiting ", options.max_waiting, "; they must be at least 1, 1 and 0"));
  }
  report("opening", 0.0);
  absl::StatusOr<Plan> plan = MakePlan(options);
  if (!plan.ok()) return plan.status();
  const auto context = static_cast<int>(plan->context);
  absl::StatusOr<std::unique_ptr<PromptEncoder>> encoder =
      PromptEncoder::Make(plan->files, context);
  if (!encoder.ok()) return encoder.status();
  absl::StatusOr<std::unique_ptr<ModelExecutor>> executor = LoadExecutor(options, *plan);
  if (!executor.ok()) return executor.status();
  LoadedModelInfo info{
      .architecture = plan->files.spec.architecture,
      .name = plan->files.name,
      .parameter_count = plan->files.ParameterCount(),
      .context_length = context,
      .vocab_size = static_cast<int>(plan->files.spec.vocab),
      .device = options.device.name,
      .dtype = DtypeName(plan->dtype),
      .quantization =
          absl::StrCat(plan->files.MainType(), plan->bits == WeightBits::kAsStored ? "" : " as ",
                       plan->bits == WeightBits::kAsStored ? "" : options.weights),
      .weight_bytes = (*executor)->weight_bytes(),
      .has_chat_template = (*encoder)->has_chat_template(),
  };
  report("warm-up", kOpeningShare + kWeightsShare);
  auto model = std::make_unique<TransformerLanguageModel>(
      std::move(info),
      Scheduler::Options{.max_running = options.max_running,
                         .max_waiting = options.max_waiting,
                         .prefill_chunk = options.prefill_chunk,
                         .prefix_cache = !KeysDependOnLength(plan->files.spec)},
      *std::move(encoder), *std::move(executor));
  if (absl::Status warm = WarmUp(*model); !warm.ok()) return warm;
  report("warm-up", 1.0);
  model->SetLoadTime(absl::Now() - start);
  return model;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LanguageModel>> LanguageModel::Load(const LoadOptions& options) {
  absl::StatusOr<std::unique_ptr<LanguageModel>> model =
      CatchTorch(absl::StrCat("loading ", options.path), [&] { return LoadModel(options); });
  if (model.ok()) return model;
  // What was read before the failure lies in the allocator's cache.
  const absl::Status released = CatchTorch("freeing a failed load", [&]() -> absl::Status {
    if (!options.device.name.empty()) ReleaseCachedMemory(at::Device(options.device.name));
    return absl::OkStatus();
  });
  released.IgnoreError();
  return model;
}

absl::StatusOr<GenerationResult> LanguageModel::Generate(const GenerationRequest& request,
                                                         GenerationSink* sink) {
  // How long a sink that wants no more is unnoticed while no token comes.
  constexpr absl::Duration kPoll = absl::Milliseconds(5);
  const absl::StatusOr<std::shared_ptr<GenerationStream>> stream = Submit(request);
  if (!stream.ok()) return stream.status();
  while (true) {
    if (sink != nullptr && sink->Cancelled()) (*stream)->Cancel();
    std::optional<GenerationStream::Event> event = (*stream)->Next(kPoll);
    if (!event.has_value()) continue;
    if (auto* end = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) return std::move(*end);
    const auto& text = std::get<TextEvent>(*event);
    if (sink != nullptr) sink->OnText(text.text, text.tokens);
  }
}

absl::StatusOr<int64_t> LanguageModel::EstimateBytes(const LoadOptions& options) {
  const absl::StatusOr<Plan> plan = MakePlan(options);
  if (!plan.ok()) return plan.status();
  const auto element = static_cast<int64_t>(at::elementSize(plan->dtype));
  const int64_t kv_half = 2;
  const int64_t kv_full = 4;
  const int64_t kv_packed = plan->kv_type == KvType::kFloat16 ? kv_half : kv_full;
  return NeedOf(plan->files, {.element_bytes = element,
                              .packed = plan->packed,
                              .full = plan->full(),
                              .bits = plan->bits,
                              .kv_element_bytes = plan->packed ? kv_packed : element,
                              .context = plan->context,
                              .cache_tokens = plan->cache_tokens,
                              .step_tokens = StepTokens(options)})
      .Total();
}

}  // namespace assay::engine
