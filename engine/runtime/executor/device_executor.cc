// A decoder-only transformer by libtorch's operators.
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

// Indices of logits' rows, and where the rows of each choice begin among them.
struct DrawnRows {
  std::vector<int64_t> rows;
  std::vector<int64_t> first;
};

// The rows of choices that are drawn.
DrawnRows RowsOfDrawn(absl::Span<const TokenChoice> choices) {
  DrawnRows drawn;
  for (const TokenChoice& choice : choices) {
    drawn.first.push_back(static_cast<int64_t>(drawn.rows.size()));
    if (choice.sampler->greedy()) continue;
    const auto count = static_cast<int64_t>(choice.draft.size()) + 1;
    for (int64_t i = 0; i < count; ++i) drawn.rows.push_back(choice.first_row + i);
  }
  return drawn;
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
      const at::Tensor hidden = Read(step.chunks);
      ChooseGreatest(step.choices);
      Draw(step.choices);
      Rate(step.ratings);
      // The turn ends when the device is done, not when it was told what to do.
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
  // Sets logits_; returns what they were computed from.
  at::Tensor Read(absl::Span<const SequenceChunk> chunks) {
    const at::Tensor hidden = transformer_.Forward(chunks, cache_);
    std::vector<at::Tensor> wanted;
    int64_t row = 0;
    for (const SequenceChunk& chunk : chunks) {
      row += static_cast<int64_t>(chunk.tokens.size());
      if (chunk.logits > 0) wanted.push_back(hidden.narrow(0, row - chunk.logits, chunk.logits));
    }
    logits_ = wanted.empty() ? at::Tensor() : transformer_.Logits(at::cat(wanted));
    return hidden;
  }

  template <typename T>
  at::Tensor OnDevice(const std::vector<T>& values) const {
    return at::tensor(values).to(logits_.device());
  }

  // Of greedy choices: the greatest logits and their ids, in one transfer; fp32 holds every id
  // below 2^24 exactly.
  void ChooseGreatest(absl::Span<TokenChoice> choices) {
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

  // Of the other choices: their rows alone come to the CPU.
  void Draw(absl::Span<TokenChoice> choices) {
    const DrawnRows drawn = RowsOfDrawn(choices);
    if (drawn.rows.empty()) return;
    const at::Tensor floats =
        logits_.index_select(0, OnDevice(drawn.rows)).to(at::kCPU, at::kFloat).contiguous();
    const int64_t vocab = floats.size(1);
    for (size_t i = 0; i < choices.size(); ++i) {
      TokenChoice& choice = choices[i];
      if (choice.sampler->greedy()) continue;
      choice.tokens = ChooseWhileAccepted(choice, [&](int64_t row, Sampler& sampler) {
        const int64_t at = drawn.first[i] + row - choice.first_row;
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
    const at::Tensor is_greatest = own.eq(logits.amax(1)).to(at::kFloat);
    const at::Tensor both = at::stack({own - logits.logsumexp(1), is_greatest}, 1).to(at::kCPU);
    const auto* pairs = both.const_data_ptr<float>();
    for (size_t i = 0; i < ratings.size(); ++i) {
      ratings[i].score = CheckFinite({.log_probability = static_cast<double>(pairs[2 * i]),
                                      .greedy = pairs[2 * i + 1] != 0.0F});
    }
  }

  Transformer transformer_;
  KvCache cache_;
  TimeSliceQueue& slices_;
  // The last one.
  TimeSliceQueue::Slice slice_;
  // Of the last step: [wanted rows, vocab].
  at::Tensor logits_;
};

}  // namespace

std::unique_ptr<ModelExecutor> MakeDeviceExecutor(const ModelSpec& spec, TransformerWeights weights,
                                                  int64_t context, int64_t pages,
                                                  TimeSliceQueue& slices) {
  return std::make_unique<DeviceExecutor>(spec, std::move(weights), context, pages, slices);
}

}  // namespace assay::engine
