// A decoder-only transformer by libtorch's operators.
#include "engine/runtime/device_executor.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/torch_status.h"
#include "engine/runtime/transformer.h"

namespace assay::engine {
namespace {

absl::Status NotFinite() {
  return absl::InternalError(
      "the logits are not finite: the weights are damaged or overflow this dtype; try float32");
}

// One transfer for the greatest logit and its id; fp32 holds every id below 2^24 exactly.
absl::StatusOr<TokenId> ArgmaxOnDevice(const at::Tensor& logits) {
  const auto [value, id] = logits.max(-1);
  const at::Tensor both = at::stack({value.to(at::kFloat), id.to(at::kFloat)}).to(at::kCPU);
  const auto* pair = both.const_data_ptr<float>();
  if (!std::isfinite(pair[0])) return NotFinite();
  return static_cast<TokenId>(pair[1]);
}

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

  absl::StatusOr<TokenId> Choose(int64_t row, Sampler& sampler) override {
    return CatchTorch("choosing a token", [&]() -> absl::StatusOr<TokenId> {
      const c10::InferenceMode inference;
      const at::Tensor logits = logits_.select(0, row);
      if (sampler.greedy() && !logits.is_cpu()) return ArgmaxOnDevice(logits);
      const at::Tensor floats = logits.to(at::kCPU, at::kFloat).contiguous();
      const auto values =
          absl::MakeConstSpan(floats.const_data_ptr<float>(), static_cast<size_t>(floats.numel()));
      const TokenId token = sampler.Sample(values);
      if (!std::isfinite(values[static_cast<size_t>(token)])) return NotFinite();
      return token;
    });
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
