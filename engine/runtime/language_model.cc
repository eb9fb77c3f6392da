// A resident model.
#include "engine/runtime/language_model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
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
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/architectures/model_files.h"
#include "engine/architectures/tied_output.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/executor/cpu_executor.h"
#include "engine/runtime/executor/device_executor.h"
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/device_self_test.h"
#include "engine/runtime/executor/device_turns.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/executor/weight_loader.h"
#include "engine/runtime/load_plan.h"
#include "engine/runtime/memory_need.h"
#include "engine/runtime/prompt_encoder.h"
#include "engine/runtime/scheduler/logits_reader.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {
namespace {

// The parts of a load's time, for its progress.
constexpr double kOpeningShare = 0.05;
constexpr double kWeightsShare = 0.9;
at::ScalarType ScalarTypeOf(PackedType dtype) {
  if (dtype == PackedType::kFloat16) return at::kHalf;
  return dtype == PackedType::kBFloat16 ? at::kBFloat16 : at::kFloat;
}

// The threads of all models on the CPU. Each step gets a time slice.
ThreadPool& CpuPool() {
  static ThreadPool pool(at::get_num_threads());
  return pool;
}

// The first result of Load() and EstimateBytes().
struct Opened {
  ModelFiles files;
  LoadPlan plan;
};

absl::StatusOr<Opened> Open(const LoadOptions& options) {
  if (options.device.name.empty()) {
    return absl::InvalidArgumentError("LoadOptions.device is empty; take one from ResolveDevice()");
  }
  ASSIGN_OR_RETURN(ModelFiles files, OpenModelFiles(options.path));
  files.name = ReplaceInvalidUtf8(files.name);
  ASSIGN_OR_RETURN(LoadPlan plan, MakeLoadPlan(files, options));
  // The check is before the first byte of a tensor is read, or another model is evicted for this
  // one.
  RETURN_IF_ERROR(CheckTransformerWeights(files));
  return Opened{std::move(files), plan};
}

// Frees what the allocator of a device caches, in a turn of it.
void ReleaseMemoryOf(const std::string& device, const char* doing) {
  const absl::Status released = CatchTorch(doing, [&]() -> absl::Status {
    const TimeSliceLock turn(&DeviceTurns(device));
    ReleaseCachedMemory(at::Device(device));
    return absl::OkStatus();
  });
  // Nothing can be freed on a device that fails here.
  released.IgnoreError();
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
    info_.cache_tokens = executor_->pages() * kPageTokens;
    scheduler_ = std::make_unique<Scheduler>(
        Scheduler::Model{.name = info_.name,
                         .executor = executor_.get(),
                         .tokenizer = &encoder_->tokenizer(),
                         .encode = [this](const Prompt& p) { return encoder_->Encode(p); },
                         .context = info_.context_length,
                         .on_idle = [this] { ReleaseWorkingMemory(); }},
        options);
  }

  ~TransformerLanguageModel() override {
    scheduler_.reset();
    executor_.reset();
    ReleaseMemoryOf(info_.device, "freeing a model");
  }

  void SetLoadTimes(const LoadTimes& times) { info_.load_times = times; }

  const LoadedModelInfo& info() const override { return info_; }
  const Tokenizer& tokenizer() const override { return encoder_->tokenizer(); }

  absl::StatusOr<std::vector<TokenId>> Tokenize(const Prompt& prompt) const override {
    ASSIGN_OR_RETURN(EncodedPrompt encoded, encoder_->Encode(prompt));
    return std::move(encoded.tokens);
  }

  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request) override {
    return scheduler_->Submit(std::move(request));
  }
  int running() const override { return scheduler_->running(); }
  int waiting() const override { return scheduler_->waiting(); }
  int64_t cached_tokens() const override { return scheduler_->cached_tokens(); }

  absl::StatusOr<std::vector<float>> Logits(absl::Span<const TokenId> tokens) override {
    RETURN_IF_ERROR(CheckSequence(tokens));
    std::vector<float> logits;
    RETURN_IF_ERROR(scheduler_->RunAlone([&](ModelExecutor& executor) {
      return ReadLogits(executor, tokens, prefill_chunk_, info_.vocab_size, &logits);
    }));
    return logits;
  }

  absl::StatusOr<std::vector<TokenScore>> ScoreTokens(absl::Span<const TokenId> tokens,
                                                      int64_t first,
                                                      const CallContext& context) override {
    if (first < 1 || first >= static_cast<int64_t>(tokens.size())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "first is ", first, "; it must be at least 1 and less than the number of tokens, ",
          tokens.size()));
    }
    RETURN_IF_ERROR(encoder_->CheckTokens(tokens.last(1)));
    RETURN_IF_ERROR(CheckSequence(tokens.first(tokens.size() - 1)));
    return scheduler_->Score(tokens, first, context);
  }

  absl::StatusOr<std::vector<std::vector<float>>> BatchLogits(
      absl::Span<const std::vector<TokenId>> sequences) override {
    for (const std::vector<TokenId>& sequence : sequences) {
      RETURN_IF_ERROR(CheckSequence(sequence));
    }
    std::vector<std::vector<float>> logits;
    RETURN_IF_ERROR(scheduler_->RunAlone([&](ModelExecutor& executor) {
      return ReadBatchLogits(executor, sequences, info_.vocab_size, &logits);
    }));
    return logits;
  }

 private:
  // malloc keeps the memory of prompts in an arena per thread: tens of MiB per model. The cache of
  // a GPU's allocator stays, because it is slow to fill.
  void ReleaseWorkingMemory() const {
    if (at::Device(info_.device).is_cpu()) ReleaseMemoryOf(info_.device, "releasing memory");
  }

  absl::Status CheckSequence(absl::Span<const TokenId> tokens) const {
    if (tokens.empty() || tokens.size() > static_cast<size_t>(info_.context_length)) {
      return absl::InvalidArgumentError(absl::StrCat("the sequence has ", tokens.size(),
                                                     " tokens; it must have 1 to ",
                                                     info_.context_length, ", the context length"));
    }
    return encoder_->CheckTokens(tokens);
  }

  LoadedModelInfo info_;
  const int prefill_chunk_;
  const std::unique_ptr<PromptEncoder> encoder_;
  std::unique_ptr<ModelExecutor> executor_;
  std::unique_ptr<Scheduler> scheduler_;
};

// Calls `work`, sets `time` to its duration and returns its result.
template <typename Work>
auto Timed(absl::Duration* time, const Work& work) {
  const absl::Time start = absl::Now();
  auto result = work();
  *time = absl::Now() - start;
  return result;
}

// Returns what libtorch's operators on the device need for this model. The CPU's own kernels need
// nothing.
absl::StatusOr<DeviceQuirks> TestDeviceFor(const LoadOptions& options, const Opened& opened) {
  if (opened.plan.packed) return DeviceQuirks();
  const at::Device device(options.device.name);
  const at::ScalarType dtype = ScalarTypeOf(opened.plan.dtype);
  ASSIGN_OR_RETURN(const DeviceQuirks quirks, QuirksOf(device, dtype));
  return TestAttention(opened.files.spec, device, dtype, quirks);
}

absl::StatusOr<std::unique_ptr<ModelExecutor>> LoadExecutor(const LoadOptions& options,
                                                            const Opened& opened,
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

absl::Status WarmUp(LanguageModel& model) {
  const TokenId any_token = 0;
  return model.Logits({&any_token, 1}).status();
}

absl::StatusOr<std::unique_ptr<LanguageModel>> LoadModel(const LoadOptions& options) {
  const absl::Time start = absl::Now();
  LoadTimes times;
  const auto report = [&](std::string_view stage, double fraction) {
    if (options.progress) options.progress(stage, fraction);
  };
  report("opening", 0.0);
  ASSIGN_OR_RETURN(Opened opened, Timed(&times.files, [&] { return Open(options); }));
  RETURN_IF_ERROR(CheckTiedOutput(TieCheck::kAll, &opened.files));
  const ModelFiles& files = opened.files;
  const LoadPlan& plan = opened.plan;
  ASSIGN_OR_RETURN(const DeviceQuirks quirks, TestDeviceFor(options, opened));
  const auto context = static_cast<int>(plan.context);
  std::atomic<bool> no_tokenizer = false;
  std::future<absl::StatusOr<std::unique_ptr<PromptEncoder>>> encoder_future =
      std::async(std::launch::async, [&] {
        auto made = Timed(&times.tokenizer, [&] { return PromptEncoder::Make(files, context); });
        no_tokenizer = !made.ok();
        // The memory of parsing must not remain while the weights are loaded.
        TrimHeap();
        return made;
      });
  LoadOptions weight_options = options;
  weight_options.context = options.context.OrWhen([&no_tokenizer] { return no_tokenizer.load(); });
  absl::StatusOr<std::unique_ptr<ModelExecutor>> executor =
      Timed(&times.weights, [&] { return LoadExecutor(weight_options, opened, quirks); });
  ASSIGN_OR_RETURN(std::unique_ptr<PromptEncoder> encoder, encoder_future.get());
  if (!executor.ok()) return executor.status();
  LoadedModelInfo info{
      .architecture = files.spec.architecture,
      .name = files.name,
      .parameter_count = files.ParameterCount(),
      .context_length = context,
      .vocab_size = static_cast<int>(files.spec.vocab),
      .device = options.device.name,
      .dtype = DtypeName(plan.dtype),
      .quantization =
          absl::StrCat(files.MainType(), plan.bits == WeightBits::kAsStored ? "" : " as ",
                       plan.bits == WeightBits::kAsStored ? "" : options.weights),
      .weight_bytes = (*executor)->weight_bytes(),
      .working_bytes = EstimateMemory(files, plan).working,
      .has_chat_template = encoder->has_chat_template(),
      .sampling = ReadModelSampling(files),
      .workarounds = Describe(quirks),
      .warnings = files.warnings,
  };
  report("warm-up", kOpeningShare + kWeightsShare);
  // Keys that were rotated for a short sequence are then wrong in a long one.
  const bool varying = files.spec.rope.depends_on_length();
  auto model = std::make_unique<TransformerLanguageModel>(
      std::move(info),
      Scheduler::Options{.max_running = options.max_running,
                         .max_waiting = options.max_waiting,
                         .prefill_chunk = options.prefill_chunk,
                         .prefix_cache = !varying,
                         .draft_tokens = plan.packed && !varying ? options.draft_tokens : 0},
      std::move(encoder), *std::move(executor));
  absl::Status warm = Timed(&times.warm_up, [&] { return WarmUp(*model); });
  if (!warm.ok()) return warm;
  TrimHeap();
  report("warm-up", 1.0);
  times.total = absl::Now() - start;
  model->SetLoadTimes(times);
  return model;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LanguageModel>> LanguageModel::Load(const LoadOptions& options) {
  absl::StatusOr<std::unique_ptr<LanguageModel>> model =
      CatchTorch(absl::StrCat("loading ", options.path), [&] { return LoadModel(options); });
  if (model.ok()) return model;
  // Tensors that were read before the failure are in the allocator's cache.
  if (!options.device.name.empty()) ReleaseMemoryOf(options.device.name, "freeing a failed load");
  return model;
}

absl::StatusOr<GenerationResult> LanguageModel::Generate(const GenerationRequest& request,
                                                         GenerationSink* sink) {
  // The interval at which the sink is polled for cancellation while no token arrives.
  constexpr absl::Duration kPoll = absl::Milliseconds(5);
  ASSIGN_OR_RETURN(const std::shared_ptr<GenerationStream> stream, Submit(request));
  while (true) {
    if (sink != nullptr && sink->Cancelled()) stream->Cancel();
    std::optional<GenerationStream::Event> event = stream->Next(kPoll);
    if (!event.has_value()) continue;
    if (auto* end = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) return std::move(*end);
    const auto& text = std::get<TextEvent>(*event);
    if (sink != nullptr) sink->OnText(text.text, text.tokens);
  }
}

absl::StatusOr<int64_t> LanguageModel::EstimateBytes(const LoadOptions& options) {
  ASSIGN_OR_RETURN(const Opened opened, Open(options));
  return EstimateMemory(opened.files, opened.plan).Total();
}

}  // namespace assay::engine
