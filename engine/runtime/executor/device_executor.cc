// A ModelExecutor that computes a decoder-only transformer with libtorch's operators.
#include "engine/runtime/executor/device_executor.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/runtime/executor/kv_cache.h"
#include "engine/runtime/executor/step_layout.h"
#include "engine/runtime/executor/token_choice.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/executor/transformer.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {
namespace {

// What is read of the logits of a step, and where it is in the numbers that are copied back.
struct Readings {
  bool greedy = false;
  // The rows from which tokens are sampled, and for each choice the first of its own.
  std::vector<int64_t> sampled_rows;
  std::vector<int64_t> first_sampled;
  std::vector<int64_t> rated_rows;
  std::vector<int64_t> rated_tokens;
};

Readings ReadingsOf(const ExecutorStep& step) {
  Readings readings;
  for (const TokenChoice& choice : step.choices) {
    readings.first_sampled.push_back(static_cast<int64_t>(readings.sampled_rows.size()));
    if (choice.sampler->takes_largest()) {
      readings.greedy = true;
      continue;
    }
    const auto count = static_cast<int64_t>(choice.draft.size()) + 1;
    for (int64_t i = 0; i < count; ++i) readings.sampled_rows.push_back(choice.first_row + i);
  }
  for (const TokenRating& rating : step.ratings) {
    readings.rated_rows.push_back(rating.row);
    readings.rated_tokens.push_back(rating.token);
  }
  return readings;
}

class DeviceExecutor : public ModelExecutor {
 public:
  DeviceExecutor(const ModelSpec& spec, TransformerWeights weights, int64_t context, int64_t pages,
                 const DeviceQuirks& quirks, TimeSliceQueue& turns)
      : turns_(turns) {
    const TimeSliceLock turn(&turns_);
    const c10::InferenceMode inference;
    try {
      transformer_ = std::make_unique<Transformer>(spec, std::move(weights), context, quirks);
      cache_ = std::make_unique<KvCache>(transformer_->MakeCache(pages));
    } catch (...) {
      // Members would be freed after the turn.
      transformer_.reset();
      throw;
    }
  }

  ~DeviceExecutor() override {
    const TimeSliceLock turn(&turns_);
    logits_ = at::Tensor();
    cache_.reset();
    transformer_.reset();
  }

  absl::Status Run(const ExecutorStep& step) override {
    const TimeSliceLock turn(&turns_);
    slice_ = turn.slice();
    return CatchTorch("computing a step", [&]() -> absl::Status {
      const c10::InferenceMode inference;
      Compute(step);
      return absl::OkStatus();
    });
  }

  absl::Duration waited() const override { return slice_.waited; }
  absl::Duration contention_interval() const override { return turns_.ContentionInterval(slice_); }

  absl::Status CopyLogits(int64_t row, absl::Span<float> out) override {
    const TimeSliceLock turn(&turns_);
    return CatchTorch("copying logits", [&]() -> absl::Status {
      const c10::InferenceMode inference;
      const at::Tensor logits =
          logits_.narrow(0, row, static_cast<int64_t>(out.size()) / logits_.size(1));
      at::from_blob(out.data(), logits.sizes(), at::kFloat).copy_(logits);
      return absl::OkStatus();
    });
  }

  int64_t pages() const override { return cache_->pages(); }
  int64_t weight_bytes() const override { return transformer_->weight_bytes(); }
  int64_t cache_bytes() const override { return cache_->Bytes(); }

 private:
  // Makes two copies between the host and the device, whatever the step is made of: all indices
  // before it, all results after it. The second one waits for the device, so that the time slice
  // does not end while the work is only queued.
  void Compute(const ExecutorStep& step) {
    StepLayout layout = LayOut(step.chunks, transformer_->window());
    const Readings readings = ReadingsOf(step);
    const StepLayout::Range sampled_rows = layout.Add(readings.sampled_rows);
    const StepLayout::Range rated_rows = layout.Add(readings.rated_rows);
    const StepLayout::Range rated_tokens = layout.Add(readings.rated_tokens);
    const DeviceStep on_device{
        .layout = layout,
        .values = at::tensor(layout.values, at::kLong).to(transformer_->options().device())};
    const at::Tensor hidden = transformer_->Forward(step.chunks, on_device, *cache_);
    logits_ = layout.logit_rows.size == 0
                  ? at::Tensor()
                  : transformer_->Logits(hidden.index_select(0, on_device.Get(layout.logit_rows)));
    std::vector<at::Tensor> results;
    if (readings.greedy) results.push_back(LargestLogits());
    if (sampled_rows.size > 0) {
      results.push_back(logits_.index_select(0, on_device.Get(sampled_rows)).to(at::kFloat));
    }
    if (rated_rows.size > 0) {
      results.push_back(Ratings(on_device.Get(rated_rows), on_device.Get(rated_tokens)));
    }
    if (results.empty()) results.push_back(hidden.select(0, 0).narrow(0, 0, 1).to(at::kFloat));
    for (at::Tensor& result : results) result = result.reshape({-1});
    const at::Tensor numbers =
        (results.size() == 1 ? results.front() : at::cat(results)).to(at::kCPU).contiguous();
    Read(readings, numbers.const_data_ptr<float>(), step);
  }

  // Returns the largest logit of each row and its id, [rows, 2]; fp32 holds every id below 2^24
  // exactly.
  at::Tensor LargestLogits() const {
    const auto [value, id] = logits_.max(-1);
    return at::stack({value.to(at::kFloat), id.to(at::kFloat)}, 1);
  }

  // Returns the log-probability of each token, and 1 if its logit is the largest, [rows, 2].
  at::Tensor Ratings(const at::Tensor& rows, const at::Tensor& tokens) const {
    const at::Tensor logits = logits_.index_select(0, rows).to(at::kFloat);
    const at::Tensor own = logits.gather(1, tokens.unsqueeze(1)).squeeze(1);
    const at::Tensor is_largest = own.eq(logits.amax(1)).to(at::kFloat);
    return at::stack({own - logits.logsumexp(1), is_largest}, 1);
  }

  // Makes the choices and ratings from the numbers of Compute().
  void Read(const Readings& readings, const float* numbers, const ExecutorStep& step) const {
    const float* const largest = numbers;
    const float* const sampled = largest + (readings.greedy ? 2 * logits_.size(0) : 0);
    const int64_t vocab = logits_.defined() ? logits_.size(1) : 0;
    const float* const rated = sampled + static_cast<int64_t>(readings.sampled_rows.size()) * vocab;
    for (size_t i = 0; i < step.choices.size(); ++i) {
      TokenChoice& choice = step.choices[i];
      choice.tokens = ChooseWhileAccepted(choice, [&](int64_t row) -> absl::StatusOr<TokenId> {
        if (choice.sampler->takes_largest()) {
          return CheckFinite(largest[2 * row], static_cast<TokenId>(largest[2 * row + 1]));
        }
        const int64_t at = readings.first_sampled[i] + row - choice.first_row;
        return ChooseByLogits(absl::MakeConstSpan(sampled + at * vocab, static_cast<size_t>(vocab)),
                              choice);
      });
    }
    for (size_t i = 0; i < step.ratings.size(); ++i) {
      step.ratings[i].score = CheckFinite({.log_probability = static_cast<double>(rated[2 * i]),
                                           .greedy = rated[2 * i + 1] != 0.0F});
    }
  }

  TimeSliceQueue& turns_;
  // Both are null only while the executor is made or destroyed, which takes a turn.
  std::unique_ptr<Transformer> transformer_;
  std::unique_ptr<KvCache> cache_;
  // The time slice of the last Run().
  TimeSliceQueue::Slice slice_;
  // The logits of the last step, [rows, vocab].
  at::Tensor logits_;
};

}  // namespace

std::unique_ptr<ModelExecutor> MakeDeviceExecutor(const ModelSpec& spec, TransformerWeights weights,
                                                  int64_t context, int64_t pages,
                                                  const DeviceQuirks& quirks,
                                                  TimeSliceQueue& turns) {
  return std::make_unique<DeviceExecutor>(spec, std::move(weights), context, pages, quirks, turns);
}

}  // namespace assay::engine
