// A text on its way through the scheduler that is scored, not continued. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_SCORING_SEQUENCE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_SCORING_SEQUENCE_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Its caller waits until `done`; until then the scheduler's thread alone uses it.
struct ScoringSequence {
  absl::Span<const TokenId> tokens;
  // Tokens from here on are scored; at least 1.
  int64_t first;
  absl::FunctionRef<absl::Status()> wanted;
  std::vector<int32_t> pages = {};
  // Tokens in the cache.
  int64_t read = 0;
  std::vector<TokenScore> scores = {};
  absl::Status status = absl::OkStatus();
  bool done = false;

  // The last token is not read.
  int64_t length() const { return static_cast<int64_t>(tokens.size()) - 1; }
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_SCORING_SEQUENCE_H_
