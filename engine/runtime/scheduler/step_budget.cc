// What steps cost, and what may therefore be put into the next one.
#include "engine/runtime/scheduler/step_budget.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/time/time.h"

namespace assay::engine {
namespace {

// Weight of the newest step in the averages.
constexpr double kNewest = 0.1;
// What a prompt may add to a step, in times of a step that only writes.
constexpr double kAdded = 0.7;
constexpr int64_t kLeast = 3;
// Rows of a step that the CPU's products take together: three cost what four do.
constexpr int64_t kRowTile = 4;
// A turn of a model that shares its threads: shorter ones read too few tokens for what they cost,
// longer ones are seen as pauses.
constexpr double kShortestTurn = 0.005;
constexpr double kLongestTurn = 0.05;
constexpr int64_t kLeastOfTurn = 8;
// Until steps of different widths were seen: a row's part of a step of average width, and how much
// variance of the rows it takes to be believed half.
constexpr double kAssumedShare = 0.2;
constexpr double kDoubt = 0.5;

}  // namespace

double StepBudget::RowSeconds() const {
  const double average = seconds_ / rows_;
  const double slope = (covariance_ + kDoubt * kAssumedShare * average) / (variance_ + kDoubt);
  // Neither free, nor dearer than alone.
  constexpr double kLeastShare = 0.01;
  return std::clamp(slope, kLeastShare * average, average);
}

double StepBudget::WriteSeconds(int64_t rows) const {
  if (seconds_ == 0.0) return 0.0;
  return seconds_ + RowSeconds() * (static_cast<double>(rows) - rows_);
}

int64_t StepBudget::PromptTokens(int64_t writing, absl::Duration others) const {
  if (writing == 0 && others <= absl::ZeroDuration()) return chunk_;
  const int64_t least = std::min(writing == 0 ? kLeastOfTurn : kLeast, chunk_);
  const double turn = std::clamp(absl::ToDoubleSeconds(others), kShortestTurn, kLongestTurn);
  const double seconds = writing == 0 ? turn : kAdded * WriteSeconds(writing);
  // Few tokens cost more each than many do.
  const PromptCost& cost = writing > 0 && beside_.tokens > 0.0 ? beside_ : alone_;
  if (seconds <= 0.0 || cost.seconds <= 0.0) return least;
  const auto tokens =
      std::clamp<int64_t>(std::lround(seconds * cost.tokens / cost.seconds), least, chunk_);
  // Whole tiles with the rows that write.
  const int64_t whole = (writing + tokens) / kRowTile * kRowTile - writing;
  return std::min(whole < least ? whole + kRowTile : whole, chunk_);
}

double StepBudget::RowShare(int64_t writing) const {
  const double seconds = WriteSeconds(writing);
  if (seconds <= 0.0) return 1.0;
  return std::min(1.0, static_cast<double>(writing) * RowSeconds() / seconds);
}

void StepBudget::Learn(int64_t rows, int64_t prompt_tokens, absl::Duration time) {
  const double seconds = absl::ToDoubleSeconds(time);
  if (prompt_tokens > 0) {
    // Sums, not averages of quotients: what a step costs whatever its length must not be taken for
    // the price of the few tokens of a short one.
    PromptCost& cost = rows == 0 ? alone_ : beside_;
    const double own = rows == 0 ? seconds : std::max(seconds - WriteSeconds(rows), 0.0);
    cost.seconds = (1.0 - kNewest) * cost.seconds + own;
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
