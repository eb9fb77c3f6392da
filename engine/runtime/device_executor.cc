// A decoder-only transformer by libtorch's operators.
#include "engine/runtime/device_executor.h"

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
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/token_choice.h"
#include "engine/runtime/torch_status.h"
#include "engine/runtime/transformer.h"

namespace assay::engine {
namespace {

class DeviceExecutor : public ModelExecutor {
 public:
  DeviceExecutor(const ModelSpec& spec, TransformerWeights weights, int64_t context, int64_t pages)
      : transformer_(spec, std::move(weights), context), cache_(transformer_.MakeCache(pages)) {}

  absl::Status Run(absl::Span<const SequenceChunk> chunks) override {
    return CatchTorch("computing a step", [&]() -> absl::Status {
      const c10::InferenceMode inference;
      const at::Tensor hidden = transformer_.Forward(chunks, cache_);
      std::vector<at::Tensor> wanted;
      int64_t row = 0;
      for (const SequenceChunk& chunk : chunks) {
        const auto count = static_cast<int64_t>(chunk.tokens.size());
        if (chunk.logits == LogitsWanted::kAll) wanted.push_back(hidden.narrow(0, row, count));
        if (chunk.logits == LogitsWanted::kLast) {
          wanted.push_back(hidden.narrow(0, row + count - 1, 1));
        }
        row += count;
      }
      logits_ = wanted.empty() ? at::Tensor() : transformer_.Logits(at::cat(wanted));
      return absl::OkStatus();
    });
  }

  absl::Duration waited() const override { return absl::ZeroDuration(); }
  bool takes_turns() const override { return false; }

  void Choose(absl::Span<TokenChoice> choices) override {
    const absl::Status chosen = CatchTorch("choosing tokens", [&]() -> absl::Status {
      const c10::InferenceMode inference;
      const bool greedy = std::all_of(choices.begin(), choices.end(),
                                      [](const TokenChoice& c) { return c.sampler->greedy(); });
      // One transfer for all of them.
      if (greedy && !logits_.is_cpu()) return ChooseGreatest(choices);
      const at::Tensor floats = logits_.to(at::kCPU, at::kFloat).contiguous();
      for (TokenChoice& choice : choices) {
        choice.tokens = ChooseWhileGuessed(choice, [&](int64_t row, Sampler& sampler) {
          return SampleFinite(
              absl::MakeConstSpan(floats.const_data_ptr<float>() + row * floats.size(1),
                                  static_cast<size_t>(floats.size(1))),
              sampler);
        });
      }
      return absl::OkStatus();
    });
    if (chosen.ok()) return;
    for (TokenChoice& choice : choices) choice.tokens = chosen;
  }

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
  // The greatest logits and their ids; fp32 holds every id below 2^24 exactly.
  absl::Status ChooseGreatest(absl::Span<TokenChoice> choices) {
    const auto [value, id] = logits_.max(-1);
    const at::Tensor both = at::stack({value.to(at::kFloat), id.to(at::kFloat)}, 1).to(at::kCPU);
    const auto* pairs = both.const_data_ptr<float>();
    for (TokenChoice& choice : choices) {
      choice.tokens = ChooseWhileGuessed(choice, [&](int64_t row, Sampler&) {
        return CheckFinite(pairs[2 * row], static_cast<TokenId>(pairs[2 * row + 1]));
      });
    }
    return absl::OkStatus();
  }

  Transformer transformer_;
  KvCache cache_;
  // Of the last step: [wanted rows, vocab].
  at::Tensor logits_;
};

}  // namespace

std::unique_ptr<ModelExecutor> MakeDeviceExecutor(const ModelSpec& spec, TransformerWeights weights,
                                                  int64_t context, int64_t pages) {
  return std::make_unique<DeviceExecutor>(spec, std::move(weights), context, pages);
}

}  // namespace assay::engine
