// Gates: pass/fail conditions on an evaluation's results, for CI.
//
// They are unrelated to scoring/quality_gates.h, the factors of a single text's score.
#ifndef ASSAY_EVALUATOR_ANALYSIS_GATE_H_
#define ASSAY_EVALUATOR_ANALYSIS_GATE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

struct GateClauseResult {
  // The parsed clause for one candidate: "smollm2_135m:quality >= 7.5".
  std::string text;
  // Absent if nothing was measured; the clause then fails.
  std::optional<double> value;
  bool holds = false;
};

struct GateResult {
  // True if the evaluation succeeded, every clause holds, and there is at least one clause.
  bool passed = false;
  // The reason why the gate fails regardless of its clauses: the evaluation is not complete. Empty
  // = it is complete.
  std::string reason;
  std::vector<GateClauseResult> clauses;
};

// A parsed gate such as "quality >= 7.5 AND latency/p90 <= 2". Immutable, thread-safe and cheap to
// copy.
//
//   gate   = clause { "AND" clause }
//   clause = [ candidate ":" ] metric ( ">=" | "<=" | ">" | "<" ) number
//
// AND is case-insensitive. A metric may be quoted in backticks, as in MLflow. A clause without a
// candidate must hold for every candidate of the plan and yields one result per candidate. The
// metrics, over successful samples, are:
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
// Quantiles are linearly interpolated (stats/quantile.h). There is no == operator, because a
// measured mean never equals a constant.
class Gate {
 public:
  // Parses at most 4096 bytes and 64 clauses. Returns INVALID_ARGUMENT with the position in bytes
  // from 1 ("gate, column 9: expected ..."). For an unknown metric the message lists the known
  // ones.
  static absl::StatusOr<Gate> Parse(std::string_view text);

  // Checks the names before a run, without results. Returns INVALID_ARGUMENT for a candidate,
  // content type or task that is not in the plan; the message lists those that are.
  absl::Status CheckNames(const EvaluationPlan& plan) const;

  // Checks the clauses against the results. Returns the errors of CheckNames(). An incomplete
  // evaluation (cancelled, failed or running) never passes, but its clauses are still evaluated.
  absl::StatusOr<GateResult> Check(const Evaluation& evaluation, const EvaluationPlan& plan,
                                   const std::vector<Sample>& samples,
                                   const std::vector<TaskAnswer>& answers) const;

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
  };
  friend class GateParser;
  friend class GateChecker;

  std::vector<Clause> clauses_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_GATE_H_
