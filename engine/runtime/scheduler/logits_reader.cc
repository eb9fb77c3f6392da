// The logits of whole sequences, for tests and measurements.
#include "engine/runtime/scheduler/logits_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {

absl::Status ReadLogits(ModelExecutor& executor, absl::Span<const TokenId> tokens, int64_t chunk,
                        int64_t vocab, std::vector<float>* logits) {
  const auto length = static_cast<int64_t>(tokens.size());
  std::vector<int32_t> pages(static_cast<size_t>(PagesFor(length)));
  std::iota(pages.begin(), pages.end(), 0);
  const auto row_size = static_cast<size_t>(vocab);
  logits->resize(tokens.size() * row_size);
  for (int64_t done = 0; done < length; done += chunk) {
    const int64_t count = std::min(chunk, length - done);
    const SequenceChunk part{
        .pages = pages,
        .tokens = tokens.subspan(static_cast<size_t>(done), static_cast<size_t>(count)),
        .position = done,
        .first_length = length,
        .logits = count};
    RETURN_IF_ERROR(executor.Run({.chunks = {&part, 1}}));
    for (int64_t row = 0; row < count; ++row) {
      const absl::Span<float> out =
          absl::MakeSpan(*logits).subspan(static_cast<size_t>(done + row) * row_size, row_size);
      RETURN_IF_ERROR(executor.CopyLogits(row, out));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadBatchLogits(ModelExecutor& executor,
                             absl::Span<const std::vector<TokenId>> sequences, int64_t vocab,
                             std::vector<std::vector<float>>* logits) {
  std::vector<std::vector<int32_t>> pages;
  int32_t next = 0;
  for (const std::vector<TokenId>& sequence : sequences) {
    pages.emplace_back(static_cast<size_t>(PagesFor(static_cast<int64_t>(sequence.size()))));
    std::iota(pages.back().begin(), pages.back().end(), next);
    next += static_cast<int32_t>(pages.back().size());
  }
  if (next > executor.pages()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the sequences need ", next, " pages of 32 tokens; there are ",
                     executor.pages(), "; load with a larger context"));
  }
  std::vector<SequenceChunk> chunks;
  chunks.reserve(sequences.size());
  for (size_t i = 0; i < sequences.size(); ++i) {
    chunks.push_back({.pages = pages[i],
                      .tokens = sequences[i],
                      .position = 0,
                      .first_length = static_cast<int64_t>(sequences[i].size()),
                      .logits = static_cast<int64_t>(sequences[i].size())});
  }
  RETURN_IF_ERROR(executor.Run({.chunks = chunks}));
  int64_t row = 0;
  for (const std::vector<TokenId>& sequence : sequences) {
    std::vector<float>& rows = logits->emplace_back(sequence.size() * static_cast<size_t>(vocab));
    for (size_t t = 0; t < sequence.size(); ++t, ++row) {
      RETURN_IF_ERROR(
          executor.CopyLogits(row, absl::MakeSpan(rows).subspan(t * static_cast<size_t>(vocab),
                                                                static_cast<size_t>(vocab))));
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
