// A ModelExecutor that computes a decoder-only transformer with libtorch's operators.
#include "engine/runtime/executor/device_executor.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/runtime/executor/kv_cache.h"
#include "engine/runtime/executor/token_choice.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/executor/transformer.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {
namespace {

// The rows of logits from which tokens are sampled, and the index of the first row of each choice.
struct SampledRows {
  std::vector<int64_t> rows;
  std::vector<int64_t> first;
};

// Returns the rows of the choices that are not greedy.
SampledRows RowsToSample(absl::Span<const TokenChoice> choices) {
  SampledRows sampled;
  for (const TokenChoice& choice : choices) {
    sampled.first.push_back(static_cast<int64_t>(sampled.rows.size()));
    if (choice.sampler->greedy()) continue;
    const auto count = static_cast<int64_t>(choice.draft.size()) + 1;
    for (int64_t i = 0; i < count; ++i) sampled.rows.push_back(choice.first_row + i);
  }
  return sampled;
}

class DeviceExecutor : public ModelExecutor {
 public:
  DeviceExecutor(const ModelSpec& spec, TransformerWeights weights, int64_t context, int64_t pages,
                 TimeSliceQueue& slices)
      : transformer_(spec, std::move(weights), context),
        cache_(transformer_.MakeCache(pages)),
        slices_(slices) {}

  absl::Status Run(const ExecutorStep& step) override {
    slice_ = slices_.Acquire();
    absl::Status done = CatchTorch("computing a step", [&]() -> absl::Status {
      const c10::InferenceMode inference;
      const at::Tensor hidden = ComputeLogits(step.chunks);
      ChooseGreedy(step.choices);
      Sample(step.choices);
      Rate(step.ratings);
      // Waits for the device: the time slice must not end when the work is only queued.
      hidden.select(0, 0).select(0, 0).item();
      return absl::OkStatus();
    });
    slices_.Release();
    return done;
  }

  absl::Duration waited() const override { return slice_.waited; }
  absl::Duration contention_interval() const override { return slices_.ContentionInterval(slice_); }

  absl::Status CopyLogits(int64_t row, absl::Span<float> out) override {
    return CatchTorch("copying logits", [&]() -> absl::Status {
      const c10::InferenceMode inference;
      const at::Tensor logits = logits_.select(0, row);
      at::from_blob(out.data(), logits.sizes(), at::kFloat).copy_(logits);
      return absl::OkStatus();
    });
  }

  int64_t pages() const override { return cache_.pages(); }
  int64_t weight_bytes() const override { return transformer_.weight_bytes(); }
  int64_t cache_bytes() const override { return cache_.Bytes(); }

 private:
  // Sets logits_. Returns the hidden states that they were computed from.
  at::Tensor ComputeLogits(absl::Span<const SequenceChunk> chunks) {
    const at::Tensor hidden = transformer_.Forward(chunks, cache_);
    std::vector<at::Tensor> rows;
    int64_t row = 0;
    for (const SequenceChunk& chunk : chunks) {
      row += static_cast<int64_t>(chunk.tokens.size());
      if (chunk.logits > 0) rows.push_back(hidden.narrow(0, row - chunk.logits, chunk.logits));
    }
    logits_ = rows.empty() ? at::Tensor() : transformer_.Logits(at::cat(rows));
    return hidden;
  }

  template <typename T>
  at::Tensor OnDevice(const std::vector<T>& values) const {
    return at::tensor(values).to(logits_.device());
  }

  // Makes the greedy choices. The largest logits and their ids need one transfer; fp32 holds every
  // id below 2^24 exactly.
  void ChooseGreedy(absl::Span<TokenChoice> choices) {
    const auto greedy = [](const TokenChoice& choice) { return choice.sampler->greedy(); };
    if (std::none_of(choices.begin(), choices.end(), greedy)) return;
    const auto [value, id] = logits_.max(-1);
    const at::Tensor both = at::stack({value.to(at::kFloat), id.to(at::kFloat)}, 1).to(at::kCPU);
    const auto* pairs = both.const_data_ptr<float>();
    for (TokenChoice& choice : choices) {
      if (!greedy(choice)) continue;
      choice.tokens = ChooseWhileAccepted(choice, [&](int64_t row, Sampler&) {
        return CheckFinite(pairs[2 * row], static_cast<TokenId>(pairs[2 * row + 1]));
      });
    }
  }

  // Makes the other choices. Only their rows are copied to the CPU.
  void Sample(absl::Span<TokenChoice> choices) {
    const SampledRows sampled = RowsToSample(choices);
    if (sampled.rows.empty()) return;
    const at::Tensor floats =
        logits_.index_select(0, OnDevice(sampled.rows)).to(at::kCPU, at::kFloat).contiguous();
    const int64_t vocab = floats.size(1);
    for (size_t i = 0; i < choices.size(); ++i) {
      TokenChoice& choice = choices[i];
      if (choice.sampler->greedy()) continue;
      choice.tokens = ChooseWhileAccepted(choice, [&](int64_t row, Sampler& sampler) {
        const int64_t at = sampled.first[i] + row - choice.first_row;
        return SampleFinite(absl::MakeConstSpan(floats.const_data_ptr<float>() + at * vocab,
                                                static_cast<size_t>(vocab)),
                            sampler);
      });
    }
  }

  void Rate(absl::Span<TokenRating> ratings) {
    if (ratings.empty()) return;
    std::vector<int64_t> rows;
    std::vector<int64_t> tokens;
    for (const TokenRating& rating : ratings) {
      rows.push_back(rating.row);
      tokens.push_back(rating.token);
    }
    const at::Tensor logits = logits_.index_select(0, OnDevice(rows)).to(at::kFloat);
    const at::Tensor own = logits.gather(1, OnDevice(tokens).unsqueeze(1)).squeeze(1);
    const at::Tensor is_largest = own.eq(logits.amax(1)).to(at::kFloat);
    const at::Tensor both = at::stack({own - logits.logsumexp(1), is_largest}, 1).to(at::kCPU);
    const auto* pairs = both.const_data_ptr<float>();
    for (size_t i = 0; i < ratings.size(); ++i) {
      ratings[i].score = CheckFinite({.log_probability = static_cast<double>(pairs[2 * i]),
                                      .greedy = pairs[2 * i + 1] != 0.0F});
    }
  }

  Transformer transformer_;
  KvCache cache_;
  TimeSliceQueue& slices_;
  // The time slice of the last Run().
  TimeSliceQueue::Slice slice_;
  // The logits of the last step, [rows, vocab].
  at::Tensor logits_;
};

}  // namespace

std::unique_ptr<ModelExecutor> MakeDeviceExecutor(const ModelSpec& spec, TransformerWeights weights,
                                                  int64_t context, int64_t pages,
                                                  TimeSliceQueue& slices) {
  return std::make_unique<DeviceExecutor>(spec, std::move(weights), context, pages, slices);
}

}  // namespace assay::engine
