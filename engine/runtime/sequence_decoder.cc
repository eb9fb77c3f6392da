// One sequence through an executor.
#include "engine/runtime/sequence_decoder.h"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {

SequenceDecoder::SequenceDecoder(ModelExecutor& executor, int context)
    : executor_(executor),
      context_(context),
      pages_(static_cast<size_t>((context + kPageTokens - 1) / kPageTokens)) {
  std::iota(pages_.begin(), pages_.end(), 0);
}

absl::Status SequenceDecoder::Run(const Chunk& chunk, LogitsWanted logits) {
  const SequenceChunk part{.pages = pages_,
                           .tokens = chunk.tokens,
                           .position = chunk.position,
                           .sequence_length = chunk.text_length,
                           .logits = logits};
  return executor_.Run({&part, 1});
}

absl::Status SequenceDecoder::Read(const Chunk& chunk) { return Run(chunk, LogitsWanted::kNone); }

absl::StatusOr<TokenId> SequenceDecoder::ReadAndChoose(const Chunk& chunk, Sampler& sampler) {
  if (absl::Status s = Run(chunk, LogitsWanted::kLast); !s.ok()) return s;
  return executor_.Choose(0, sampler);
}

absl::Status SequenceDecoder::ReadLogits(const Chunk& chunk, absl::Span<float> out) {
  if (absl::Status s = Run(chunk, LogitsWanted::kAll); !s.ok()) return s;
  const size_t vocab = out.size() / chunk.tokens.size();
  for (size_t row = 0; row < chunk.tokens.size(); ++row) {
    absl::Status s =
        executor_.CopyLogits(static_cast<int64_t>(row), out.subspan(row * vocab, vocab));
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::vector<float>>> ReadBatchLogits(
    ModelExecutor& executor, absl::Span<const std::vector<TokenId>> sequences, int64_t vocab) {
  std::vector<std::vector<int32_t>> pages;
  int32_t next = 0;
  for (const std::vector<TokenId>& sequence : sequences) {
    pages.emplace_back((sequence.size() + kPageTokens - 1) / kPageTokens);
    std::iota(pages.back().begin(), pages.back().end(), next);
    next += static_cast<int32_t>(pages.back().size());
  }
  if (next > executor.pages()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the sequences need ", next, " pages of 32 tokens; there are ",
                     executor.pages(), "; load with a larger context"));
  }
  std::vector<SequenceChunk> chunks;
  for (size_t i = 0; i < sequences.size(); ++i) {
    chunks.push_back({.pages = pages[i],
                      .tokens = sequences[i],
                      .position = 0,
                      .sequence_length = static_cast<int64_t>(sequences[i].size()),
                      .logits = LogitsWanted::kAll});
  }
  if (absl::Status s = executor.Run(chunks); !s.ok()) return s;
  std::vector<std::vector<float>> result;
  int64_t row = 0;
  for (const std::vector<TokenId>& sequence : sequences) {
    std::vector<float>& logits = result.emplace_back(sequence.size() * static_cast<size_t>(vocab));
    for (size_t t = 0; t < sequence.size(); ++t, ++row) {
      absl::Status s =
          executor.CopyLogits(row, absl::MakeSpan(logits).subspan(t * static_cast<size_t>(vocab),
                                                                  static_cast<size_t>(vocab)));
      if (!s.ok()) return s;
    }
  }
  return result;
}

}  // namespace assay::engine
