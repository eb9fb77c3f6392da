// One sequence through a transformer.
#include "engine/runtime/sequence_decoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/runtime/torch_status.h"

namespace assay::engine {
namespace {

absl::Status NotFinite(int position) {
  return absl::InternalError(
      absl::StrCat("the logits after position ", position,
                   " are not finite: the weights are damaged or overflow this dtype; try float32"));
}

// One transfer for the greatest logit and its id; fp32 holds every id below 2^24 exactly.
absl::StatusOr<TokenId> ArgmaxOnDevice(const at::Tensor& logits, int position) {
  const auto [value, id] = logits.max(-1);
  const at::Tensor both = at::stack({value.to(at::kFloat), id.to(at::kFloat)}).to(at::kCPU);
  const auto* pair = both.const_data_ptr<float>();
  if (!std::isfinite(pair[0])) return NotFinite(position);
  return static_cast<TokenId>(pair[1]);
}

}  // namespace

at::Tensor SequenceDecoder::Forward(const Chunk& chunk) {
  const SequenceChunk part{.cache = &cache_,
                           .tokens = chunk.tokens,
                           .position = chunk.position,
                           .sequence_length = chunk.text_length};
  return transformer_.Forward({&part, 1});
}

absl::Status SequenceDecoder::Read(const Chunk& chunk) {
  return CatchTorch("reading the prompt", [&]() -> absl::Status {
    const c10::InferenceMode inference;
    Forward(chunk);
    return absl::OkStatus();
  });
}

absl::StatusOr<TokenId> SequenceDecoder::ReadAndChoose(const Chunk& chunk, Sampler& sampler) {
  return CatchTorch("computing a token", [&]() -> absl::StatusOr<TokenId> {
    const c10::InferenceMode inference;
    const at::Tensor hidden = Forward(chunk);
    const at::Tensor logits =
        transformer_.Logits(hidden.narrow(0, hidden.size(0) - 1, 1)).squeeze(0);
    const int last = chunk.position + static_cast<int>(chunk.tokens.size()) - 1;
    if (sampler.greedy() && !logits.is_cpu()) return ArgmaxOnDevice(logits, last);
    const at::Tensor row = logits.to(at::kCPU, at::kFloat).contiguous();
    const auto values =
        absl::MakeConstSpan(row.const_data_ptr<float>(), static_cast<size_t>(row.numel()));
    const TokenId token = sampler.Sample(values);
    if (!std::isfinite(values[static_cast<size_t>(token)])) return NotFinite(last);
    return token;
  });
}

absl::Status SequenceDecoder::ReadLogits(const Chunk& chunk, absl::Span<float> out) {
  return CatchTorch("computing logits", [&]() -> absl::Status {
    const c10::InferenceMode inference;
    const at::Tensor logits = transformer_.Logits(Forward(chunk));
    at::from_blob(out.data(), logits.sizes(), at::kFloat).copy_(logits);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::vector<float>>> ReadBatchLogits(
    const Transformer& transformer, absl::Span<const std::vector<TokenId>> sequences) {
  return CatchTorch("computing logits", [&]() -> absl::StatusOr<std::vector<std::vector<float>>> {
    const c10::InferenceMode inference;
    std::vector<KvCache> caches;
    caches.reserve(sequences.size());
    std::vector<SequenceChunk> chunks;
    for (const std::vector<TokenId>& sequence : sequences) {
      caches.push_back(transformer.MakeCache());
      chunks.push_back({.cache = &caches.back(),
                        .tokens = sequence,
                        .position = 0,
                        .sequence_length = static_cast<int64_t>(sequence.size())});
    }
    const at::Tensor logits =
        transformer.Logits(transformer.Forward(chunks)).to(at::kCPU, at::kFloat).contiguous();
    const auto vocab = static_cast<size_t>(logits.size(1));
    const auto* next = logits.const_data_ptr<float>();
    std::vector<std::vector<float>> result;
    for (const std::vector<TokenId>& sequence : sequences) {
      result.emplace_back(next, next + sequence.size() * vocab);
      next += sequence.size() * vocab;
    }
    return result;
  });
}

}  // namespace assay::engine
