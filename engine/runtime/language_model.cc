// A resident model.
#include "engine/runtime/language_model.h"

#include <ATen/ATen.h>

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
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "base/trim_heap.h"
#include "engine/architectures/tied_output.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/memory_need.h"
#include "engine/runtime/model_loading.h"
#include "engine/runtime/prompt_encoder.h"
#include "engine/runtime/scheduler/logits_reader.h"
#include "engine/runtime/scheduler/scheduler.h"

namespace assay::engine {
namespace {

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
    return CatchTorch("tokenizing a prompt", [&]() -> absl::StatusOr<std::vector<TokenId>> {
      ASSIGN_OR_RETURN(EncodedPrompt encoded, encoder_->Encode(prompt));
      return std::move(encoded.tokens);
    });
  }

  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request) override {
    return CatchTorch("queueing a request", [&] { return scheduler_->Submit(std::move(request)); });
  }
  absl::StatusOr<TextAdmission::Permit> AdmitText(int64_t bytes,
                                                  const std::string& caller) override {
    return scheduler_->AdmitText(bytes, caller);
  }
  int running() const override { return scheduler_->running(); }
  int waiting() const override { return scheduler_->waiting(); }
  absl::Duration expected_wait() const override { return scheduler_->expected_wait(); }
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
    return CatchTorch("scoring a text", [&] { return scheduler_->Score(tokens, first, context); });
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

absl::Status WarmUp(LanguageModel& model) {
  const TokenId any_token = 0;
  return model.Logits({&any_token, 1}).status();
}

absl::StatusOr<std::unique_ptr<LanguageModel>> LoadModel(const LoadOptions& options) {
  const SteadyTime start = SteadyTime::Now();
  LoadTimes times;
  const auto report = [&](std::string_view stage, double fraction) {
    if (options.progress) options.progress(stage, fraction);
  };
  report("opening", 0.0);
  ASSIGN_OR_RETURN(OpenedModel opened, Timed(&times.files, [&] { return OpenModel(options); }));
  if (opened.files.spec.encoder) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.path, ": is an encoder, which generates no text; load it as an EncoderModel"));
  }
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
  RETURN_IF_ERROR(files.tensors->CheckUnchanged());
  LoadedModelInfo info = DescribeLoaded(options, opened, quirks, **executor);
  info.has_chat_template = encoder->has_chat_template();
  info.sampling = ReadModelSampling(files);
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
  times.total = SteadyTime::Now() - start;
  model->SetLoadTimes(times);
  return model;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LanguageModel>> LanguageModel::Load(const LoadOptions& options) {
  return LoadOrFree(options, LoadModel);
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
    if (sink != nullptr) sink->OnText(text.text, text.tokens, text.log_probabilities);
  }
}

absl::StatusOr<int64_t> LanguageModel::EstimateBytes(const LoadOptions& options) {
  ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(options));
  return EstimateMemory(opened.files, opened.plan).Total();
}

}  // namespace assay::engine
