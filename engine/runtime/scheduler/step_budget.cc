// How many prompt tokens a step may have, from what steps have cost.
#include "engine/runtime/scheduler/step_budget.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/time/time.h"

namespace assay::engine {
namespace {

// The weight of the newest step in the averages.
constexpr double kNewest = 0.1;
// The time that prompts may add to a step, relative to a step that only decodes.
constexpr double kAddedTime = 0.7;
constexpr int64_t kMinTokens = 3;
// The rows that the CPU's matrix products compute together: three rows cost what four do.
constexpr int64_t kRowTile = 4;
// The limits of a time slice of a model that shares its threads: shorter ones prefill too few
// tokens for what they cost, longer ones are seen as pauses.
constexpr double kMinSliceSeconds = 0.005;
constexpr double kMaxSliceSeconds = 0.05;
constexpr int64_t kMinSliceTokens = 8;
// Before steps of different widths were seen: the assumed part of a row in a step of average width,
// and the variance of the rows at which observation and assumption have equal weight.
constexpr double kAssumedShare = 0.2;
constexpr double kDoubt = 0.5;

}  // namespace

double StepBudget::RowSeconds() const {
  const double average = seconds_ / rows_;
  const double slope = (covariance_ + kDoubt * kAssumedShare * average) / (variance_ + kDoubt);
  // A row is neither free nor more expensive than a step with this row alone.
  constexpr double kMinShare = 0.01;
  return std::clamp(slope, kMinShare * average, average);
}

double StepBudget::DecodeSeconds(int64_t rows) const {
  if (seconds_ == 0.0) return 0.0;
  return seconds_ + RowSeconds() * (static_cast<double>(rows) - rows_);
}

int64_t StepBudget::PromptTokens(int64_t decoding, absl::Duration contention_interval) const {
  if (decoding == 0 && contention_interval <= absl::ZeroDuration()) return chunk_;
  const int64_t min_tokens = std::min(decoding == 0 ? kMinSliceTokens : kMinTokens, chunk_);
  const double slice =
      std::clamp(absl::ToDoubleSeconds(contention_interval), kMinSliceSeconds, kMaxSliceSeconds);
  const double seconds = decoding == 0 ? slice : kAddedTime * DecodeSeconds(decoding);
  // A few tokens cost more per token than many do, so that the costs are kept apart.
  const PromptCost& cost = decoding > 0 && mixed_.tokens > 0.0 ? mixed_ : alone_;
  if (seconds <= 0.0 || cost.seconds <= 0.0) return min_tokens;
  const auto tokens =
      std::clamp<int64_t>(std::lround(seconds * cost.tokens / cost.seconds), min_tokens, chunk_);
  // Together with the decoding rows they fill whole tiles.
  const int64_t whole = (decoding + tokens) / kRowTile * kRowTile - decoding;
  return std::min(whole < min_tokens ? whole + kRowTile : whole, chunk_);
}

double StepBudget::RowShare(int64_t decoding) const {
  const double seconds = DecodeSeconds(decoding);
  if (seconds <= 0.0) return 1.0;
  return std::min(1.0, static_cast<double>(decoding) * RowSeconds() / seconds);
}

absl::Duration StepBudget::RowTime(int64_t rows) const {
  return absl::Seconds(DecodeSeconds(rows) / static_cast<double>(rows));
}

absl::Duration StepBudget::PromptTokenTime() const {
  const PromptCost& cost = mixed_.tokens > 0.0 ? mixed_ : alone_;
  return cost.tokens > 0.0 ? absl::Seconds(cost.seconds / cost.tokens) : absl::ZeroDuration();
}

void StepBudget::Record(int64_t rows, int64_t prompt_tokens, absl::Duration time) {
  const double seconds = absl::ToDoubleSeconds(time);
  if (prompt_tokens > 0) {
    // Sums, not averages of quotients: the constant cost of a short step must not be mistaken for
    // the price of its few tokens.
    PromptCost& cost = rows == 0 ? alone_ : mixed_;
    const double added = rows == 0 ? seconds : std::max(seconds - DecodeSeconds(rows), 0.0);
    cost.seconds = (1.0 - kNewest) * cost.seconds + added;
    cost.tokens = (1.0 - kNewest) * cost.tokens + static_cast<double>(prompt_tokens);
    return;
  }
  if (seconds_ == 0.0) {
    rows_ = static_cast<double>(rows);
    seconds_ = seconds;
    return;
  }
  // Exponentially weighted moments (West, CACM 22(9), 1979).
  const double more_rows = static_cast<double>(rows) - rows_;
  const double more_seconds = seconds - seconds_;
  rows_ += kNewest * more_rows;
  seconds_ += kNewest * more_seconds;
  variance_ = (1.0 - kNewest) * (variance_ + kNewest * more_rows * more_rows);
  covariance_ = (1.0 - kNewest) * (covariance_ + kNewest * more_rows * more_seconds);
}

}  // namespace assay::engine
