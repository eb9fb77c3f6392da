// Draft tokens by prompt lookup.
#include "engine/runtime/scheduler/prompt_lookup.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace assay::engine {
namespace {

// A draft needs a match of kMinMatch tokens before it. A match longer than kMaxMatch is not better.
constexpr size_t kMinMatch = 3;
constexpr size_t kMaxMatch = 12;

// The weight of the newest draft token in the acceptance rate, and the weight of the initial rate
// when no draft was tried.
constexpr double kNewest = 0.12;
constexpr double kForgotten = 0.01;

}  // namespace

absl::Span<const TokenId> LookUpDraft(absl::Span<const TokenId> tokens, int64_t max_draft) {
  const size_t length = tokens.size();
  if (max_draft <= 0 || length <= kMinMatch) return {};
  const TokenId last = tokens[length - 1];
  const TokenId before = tokens[length - 2];
  size_t best = 0;
  size_t best_match = kMinMatch - 1;
  // `end` is the end of a possible match and the begin of its draft.
  for (size_t end = length - 1; end >= kMinMatch && best_match < kMaxMatch; --end) {
    if (tokens[end - 1] != last || tokens[end - 2] != before) continue;
    size_t match = 2;
    while (match < kMaxMatch && match < end &&
           tokens[end - 1 - match] == tokens[length - 1 - match]) {
      ++match;
    }
    if (match <= best_match) continue;
    best = end;
    best_match = match;
  }
  if (best == 0) return {};
  return tokens.subspan(best, static_cast<size_t>(max_draft));
}

int64_t DraftLength::Choose(double row_share, int64_t max_length) const {
  int64_t length = 0;
  double chance = acceptance_rate_;
  while (length < max_length && chance > row_share) {
    ++length;
    chance *= acceptance_rate_;
  }
  return length;
}

void DraftLength::Record(int64_t accepted, int64_t tested) {
  for (int64_t i = 0; i < tested; ++i) {
    acceptance_rate_ += kNewest * ((i < accepted ? 1.0 : 0.0) - acceptance_rate_);
  }
}

void DraftLength::Skip() { acceptance_rate_ += kForgotten * (kInitialRate - acceptance_rate_); }

}  // namespace assay::engine
