// A model that counts, and its loader: fakes for tests of serving.
#ifndef ASSAY_TESTS_SERVER_SERVING_COUNTING_MODEL_H_
#define ASSAY_TESTS_SERVER_SERVING_COUNTING_MODEL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "registry/catalog/catalog.h"
#include "registry/residency/loader.h"
#include "server/serving/served_model.h"
#include "tests/engine/runtime/scheduler/fakes.h"

namespace assay::server {

// A prompt that the model refuses because it does not fit the context.
inline constexpr char kTooLong[] = "too long";

// Generates "t0 t1 t2 ...", one token per millisecond, until max_new_tokens.
class CountingModel final : public engine::LanguageModel {
 public:
  // Stores the sampling of each request in `*sampling`. The model's files suggest top_k 20.
  CountingModel(std::atomic<int>* tokens, engine::SamplingParams* sampling, int max_waiting)
      : sampling_(sampling) {
    info_.sampling.top_k = 20;
    executor_.next = [tokens](const std::vector<engine::TokenId>& text) {
      absl::SleepFor(absl::Milliseconds(1));
      ++*tokens;
      return static_cast<engine::TokenId>(text.size()) - 1;
    };
    scheduler_ = std::make_unique<engine::Scheduler>(
        engine::Scheduler::Model{
            .name = "counting",
            .executor = &executor_,
            .tokenizer = &tokenizer_,
            .encode = [](const engine::Prompt& prompt) -> absl::StatusOr<engine::EncodedPrompt> {
              if (prompt.text == kTooLong) return absl::InvalidArgumentError("too long");
              return engine::EncodedPrompt{.tokens = {1}};
            },
            .context = kContext},
        engine::Scheduler::Options{.max_running = 1, .max_waiting = max_waiting});
  }

  const engine::LoadedModelInfo& info() const override { return info_; }
  const engine::Tokenizer& tokenizer() const override { return tokenizer_; }
  absl::StatusOr<std::vector<engine::TokenId>> Tokenize(
      const engine::Prompt& /*prompt*/) const override {
    return std::vector<engine::TokenId>{1};
  }
  absl::StatusOr<std::shared_ptr<engine::GenerationStream>> Submit(
      engine::GenerationRequest request) override {
    *sampling_ = request.sampling;
    return scheduler_->Submit(std::move(request));
  }
  int running() const override { return scheduler_->running(); }
  int waiting() const override { return scheduler_->waiting(); }
  int64_t cached_tokens() const override { return scheduler_->cached_tokens(); }
  absl::StatusOr<std::vector<engine::TokenScore>> ScoreTokens(absl::Span<const engine::TokenId>,
                                                              int64_t,
                                                              const CallContext&) override {
    return absl::UnimplementedError("not here");
  }
  absl::StatusOr<std::vector<float>> Logits(absl::Span<const engine::TokenId>) override {
    return absl::UnimplementedError("not here");
  }
  absl::StatusOr<std::vector<std::vector<float>>> BatchLogits(
      absl::Span<const std::vector<engine::TokenId>>) override {
    return absl::UnimplementedError("not needed");
  }

 private:
  static constexpr int kContext = 8192;

  engine::SamplingParams* const sampling_;
  engine::LoadedModelInfo info_ = {};
  engine::CountingTokenizer tokenizer_{kContext};
  engine::FakeExecutor executor_{kContext / engine::kPageTokens};
  std::unique_ptr<engine::Scheduler> scheduler_;
};

// Loads CountingModels. Models whose id begins with "broken" fail with `breaks_with`.
class CountingLoader final : public registry::ModelLoader {
 public:
  absl::StatusOr<int64_t> Estimate(const registry::ModelEntry&, const std::string&) override {
    return 1;
  }
  absl::StatusOr<std::unique_ptr<registry::ResidentModel>> Load(
      const registry::ModelEntry& entry, const std::string&, const registry::ProgressFn&,
      const CallContext& context) override {
    if (before_load) {
      if (absl::Status s = before_load(context); !s.ok()) return s;
    }
    if (entry.id.starts_with("broken")) return absl::Status(breaks_with, "truncated");
    ++loads;
    return std::make_unique<ServedModel>(
        std::make_unique<CountingModel>(&tokens, &sampling, /*max_waiting=*/1),
        engine::DeviceInfo{});
  }

  // Called at the start of each load. Its error is the load's.
  std::function<absl::Status(const CallContext& context)> before_load;
  std::atomic<int> tokens = 0;
  std::atomic<int> loads = 0;
  // The sampling of the last request. Requests must not be sent at the same time by those who read
  // it.
  engine::SamplingParams sampling;
  std::atomic<absl::StatusCode> breaks_with = absl::StatusCode::kDataLoss;
};

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_SERVING_COUNTING_MODEL_H_
