// Gates: pass/fail conditions on an evaluation's results, for CI.
//
// They are unrelated to scoring/quality_gates.h, the factors of a single text's score.
#ifndef ASSAY_EVALUATOR_ANALYSIS_GATE_H_
#define ASSAY_EVALUATOR_ANALYSIS_GATE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

enum class GateOutcome {
  kPass,
  // The evidence does not suffice: neither confidence limit decides. Only clauses on differences
  // can have this outcome.
  kUndecided,
  kFail
};

// Returns "passed", "undecided" or "failed".
std::string_view GateOutcomeName(GateOutcome outcome);

struct GateClauseResult {
  // The parsed clause for one candidate: "smollm2_135m:quality >= 7.5".
  std::string text;
  // The value, or the difference. Absent if nothing was measured; the clause then fails.
  std::optional<double> value;
  GateOutcome outcome = GateOutcome::kFail;
  // The one-sided confidence limits of a difference. Absent for other clauses, and if there are too
  // few prompts for a test.
  std::optional<double> limit_low;
  std::optional<double> limit_high;

  bool holds() const { return outcome == GateOutcome::kPass; }
};

struct GateResult {
  // kPass if the evaluation succeeded and every clause passes. kUndecided if no clause fails but
  // one is undecided.
  GateOutcome outcome = GateOutcome::kFail;
  // The reason why the gate fails regardless of its clauses: the evaluation is not complete. Empty
  // = it is complete.
  std::string reason;
  std::vector<GateClauseResult> clauses;
  // The highest probability of a wrong pass of a clause on a difference. 0 without such clauses.
  double wrong_pass = 0;
  // The attempt that this evaluation is (gate_attempts.h). 0 if it was not counted.
  int attempt = 0;

  bool passed() const { return outcome == GateOutcome::kPass; }
};

// One model's part in an evaluation.
struct ComparedSide {
  std::string evaluation_id;
  // Empty = the evaluation's only model.
  std::string model;
};

struct MergedRuns;
// Merges a candidate of the checked evaluation with a side of an earlier one (compare.h).
using MergeWithPast = std::function<absl::StatusOr<MergedRuns>(const ComparedSide& baseline,
                                                               const std::string& candidate)>;

// A parsed gate such as "quality >= 7.5 AND b - a >= -0.3 @95%". Immutable, thread-safe and cheap
// to copy.
//
//   gate       = clause { "AND" clause }
//   clause     = value | difference
//   value      = [ candidate ":" ] metric relation number
//   difference = side " - " side relation number [ "@" percent "%" ]
//   side       = [ evaluation ":" ] candidate [ ":" metric ]
//   relation   = ">=" | "<=" | ">" | "<"
//
// "baseline" is the plan's baseline and "candidate" each other candidate, unless candidates have
// these names.
// AND is case-insensitive. Metrics and sides may be quoted in backticks, as in MLflow. A value
// clause without a candidate must hold for every candidate of the plan and yields one result per
// candidate. The metrics are:
//
//   quality, quality/<content type>              mean quality score, 0 to 10
//   latency/{mean,p50,p90,p99}                   seconds
//   first_token/{mean,p50,p90,p99}               seconds
//   tokens_per_second                            mean
//   cost                                         mean, USD per request
//   success_rate                                 successful samples / all samples, 0 to 1
//   accuracy/<task>                              correct answers / answered items, 0 to 1
//   perplexity/<task>                            exp(-log-likelihood / tokens)
//
// Quality follows the plan's FailurePolicy; the others are over successful samples. Means and the
// success rate are those of the prompts' means; quantiles are those of the samples, linearly
// interpolated (stats/quantile.h). There is no == operator, because a measured mean never equals a
// constant.
//
// A difference is that of two means, paired by prompt, tested at a one-sided confidence (95 %, or
// the stated one) by the interval of stats/paired.h. With >=, the clause passes if the lower
// confidence limit is at or above the number, fails if the upper limit is below it, and is
// undecided otherwise. If there is no such difference, each check passes wrongly with a probability
// of at most 100 % - confidence. The metric is that of either side, "quality" by default.
// The second side may be of an earlier evaluation: "b - ev-20261130-101500-0a1b2c:b".
class Gate {
 public:
  // Parses at most 4096 bytes and 64 clauses. Returns INVALID_ARGUMENT with the position in bytes
  // from 1 ("gate, column 9: expected ..."). For an unknown metric the message lists the known
  // ones.
  static absl::StatusOr<Gate> Parse(std::string_view text);

  // Checks the names before a run, without results. Returns INVALID_ARGUMENT for a candidate,
  // content type or task that is not in the plan; the message lists those that are.
  absl::Status CheckNames(const EvaluationPlan& plan) const;

  // Returns the earlier evaluations that the gate names.
  std::vector<std::string> PastEvaluations() const;

  // Returns the clauses on differences in a canonical form, without earlier evaluations. Empty if
  // there are none.
  std::string Tests() const;

  // Checks the clauses against the results. Returns the errors of CheckNames() and of `past`. An
  // incomplete evaluation (cancelled, failed or running) never passes, but its clauses are still
  // evaluated. `past` may be null if PastEvaluations() is empty; otherwise the error is
  // INVALID_ARGUMENT.
  absl::StatusOr<GateResult> Check(const Evaluation& evaluation, const EvaluationPlan& plan,
                                   const std::vector<Sample>& samples,
                                   const std::vector<TaskAnswer>& answers,
                                   const MergeWithPast& past = nullptr) const;

 private:
  enum class Family {
    kQuality,
    kLatency,
    kFirstToken,
    kTokensPerSecond,
    kCost,
    kSuccessRate,
    kAccuracy,
    kPerplexity
  };
  enum class Relation { kAtLeast, kAtMost, kAbove, kBelow };
  // What a difference subtracts, and with which confidence.
  struct Subtraction {
    std::string candidate;
    // The earlier evaluation of the candidate; empty = the checked one.
    std::string evaluation;
    // One-sided, as a fraction.
    double confidence = 0.95;
  };
  struct Clause {
    // Empty = every candidate.
    std::string candidate;
    // The metric as written: "quality/linkedin".
    std::string metric;
    Family family = Family::kQuality;
    // The part of the metric after the slash; empty = none.
    std::string part;
    Relation relation = Relation::kAtLeast;
    // The number as written.
    std::string number;
    double bound = 0;
    std::optional<Subtraction> minus;
  };
  friend class GateParser;
  friend class GateChecker;
  friend class DifferenceChecker;

  static std::string TextOf(const Clause& clause, const std::string& candidate,
                            const std::string& minus);

  std::vector<Clause> clauses_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_GATE_H_
