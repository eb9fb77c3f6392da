// A sequence that is scored, not continued. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_SCORING_SEQUENCE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_SCORING_SEQUENCE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "base/fair_share.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The state of one call of Scheduler::Score(). The caller waits until `done`; before that only the
// scheduler's thread uses it.
struct ScoringSequence {
  absl::Span<const TokenId> tokens;
  // The index of the first token that is scored; at least 1.
  int64_t first;
  const CallContext& context;
  FairShare::Account* account = nullptr;
  std::vector<int32_t> pages = {};
  // The number of tokens whose KV is in the cache.
  int64_t computed = 0;
  std::vector<TokenScore> scores = {};
  absl::Status status = absl::OkStatus();
  bool done = false;

  // The number of tokens to compute: all but the last, which is only predicted.
  int64_t length() const { return static_cast<int64_t>(tokens.size()) - 1; }
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_SCORING_SEQUENCE_H_
