// Guesses how a text goes on, from the text itself.
#include "engine/runtime/scheduler/prompt_lookup.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace assay::engine {
namespace {

// Tokens that must be the same before a guess, and beyond which a longer match says no more.
constexpr size_t kLeastMatch = 3;
constexpr size_t kMaxMatch = 12;

// Weight of the newest guess in the average, and of the first chance when none was tried.
constexpr double kNewest = 0.12;
constexpr double kForgotten = 0.01;

}  // namespace

absl::Span<const TokenId> LookUpDraft(absl::Span<const TokenId> text, int64_t most) {
  const size_t length = text.size();
  if (most <= 0 || length <= kLeastMatch) return {};
  const TokenId last = text[length - 1];
  const TokenId before = text[length - 2];
  size_t best = 0;
  size_t best_match = kLeastMatch - 1;
  // `end`: where the text would go on.
  for (size_t end = length - 1; end >= kLeastMatch && best_match < kMaxMatch; --end) {
    if (text[end - 1] != last || text[end - 2] != before) continue;
    size_t match = 2;
    while (match < kMaxMatch && match < end && text[end - 1 - match] == text[length - 1 - match]) {
      ++match;
    }
    if (match <= best_match) continue;
    best = end;
    best_match = match;
  }
  if (best == 0) return {};
  return text.subspan(best, static_cast<size_t>(most));
}

int64_t DraftLength::Choose(double row_share, int64_t most) const {
  int64_t length = 0;
  for (double chance = chance_; length < most && chance > row_share; chance *= chance_) ++length;
  return length;
}

void DraftLength::Learn(int64_t accepted, int64_t tested) {
  for (int64_t i = 0; i < tested; ++i) {
    chance_ += kNewest * ((i < accepted ? 1.0 : 0.0) - chance_);
  }
}

void DraftLength::Skip() { chance_ += kForgotten * (kFirst - chance_); }

}  // namespace assay::engine
