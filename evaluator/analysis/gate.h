// Conditions on an evaluation's results, for CI: "quality >= 7.5 AND latency/p90 <= 2".
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
  // The clause as it was read, for one candidate: "smollm2_135m:quality >= 7.5".
  std::string text;
  // Absent where nothing was measured, which fails.
  std::optional<double> value;
  bool holds = false;
};

struct GateResult {
  // The evaluation succeeded, every clause holds, and there is at least one.
  bool passed = false;
  // Why it is not passed whatever the clauses say: the evaluation did not come to its end. Empty =
  // it did.
  std::string reason;
  std::vector<GateClauseResult> clauses;
};

// A parsed gate. Immutable, cheap to copy.
//
//   gate   = clause { "AND" clause }
//   clause = [ candidate ":" ] metric ( ">=" | "<=" | ">" | "<" ) number
//
// AND in any case; a metric may stand in backticks, as MLflow writes it. Without a candidate a
// clause must hold for every candidate of the plan and yields one result for each. Metrics, over
// successful samples:
//
//   quality, quality/<content type>              mean quality score, 0 to 10
//   latency/{mean,p50,p90,p99}                   seconds
//   first_token/{mean,p50,p90,p99}               seconds
//   tokens_per_second                            mean
//   cost                                         mean, USD a request
//   success_rate                                 successful samples / all samples, 0 to 1
//   accuracy/<task>                              right answers / answered items, 0 to 1
//   perplexity/<task>                            exp(-log-likelihood / token)
//
// Quantiles by linear interpolation (statistics.h). No ==: a measured mean equals nothing.
class Gate {
 public:
  // INVALID_ARGUMENT: "gate, column 9: expected ...", columns counted in bytes from 1. A metric
  // that no evaluation has is such an error and lists those there are. At most 4096 bytes and 64
  // clauses.
  static absl::StatusOr<Gate> Parse(std::string_view text);

  // INVALID_ARGUMENT: a candidate, content type or task that the plan lacks, with those it has.
  // Needs no results: for before the run.
  absl::Status CheckNames(const EvaluationPlan& plan) const;

  // Errors as CheckNames(). The clauses are held against what there is; a part of an evaluation
  // (`evaluation` was cancelled, failed or still runs) passes no gate.
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
    // As written: "quality/linkedin".
    std::string metric;
    Family family = Family::kQuality;
    // What stands behind the metric's slash; empty = nothing.
    std::string part;
    Relation relation = Relation::kAtLeast;
    // As written.
    std::string number;
    double bound = 0;
  };
  friend class GateParser;
  friend class GateChecker;

  std::vector<Clause> clauses_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_GATE_H_
