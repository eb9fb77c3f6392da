// Renders recorded evaluations as documents and checks gates on them.
#ifndef ASSAY_EVALUATOR_REPORT_RECORDED_REPORTS_H_
#define ASSAY_EVALUATOR_REPORT_RECORDED_REPORTS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/store/feedback_store.h"
#include "evaluator/store/judgment_store.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// kCsv and kJsonl contain a row per sample; kLmEval is the results file of lm-evaluation-harness;
// kJudgments is what judges prefer, as JSON.
enum class ReportFormat { kMarkdown, kHtml, kJson, kJsonl, kCsv, kLmEval, kJudgments };

// Reads the store at every call. Thread-safe. Construction is cheap.
class RecordedReports {
 public:
  // `store` must outlive this object. `economics` is used for plans without economics, which older
  // versions recorded. `feedback` has the outcomes of answers in use; null: all are assumed.
  // `judgments` has what judges prefer; null: reports do not show it.
  RecordedReports(RunStore* store, const EconomicsInputs& economics,
                  FeedbackStore* feedback = nullptr, JudgmentStore* judgments = nullptr)
      : store_(store), economics_(economics), feedback_(feedback), judgments_(judgments) {}

  // Renders the report of an evaluation. Takes one second for 30,000 samples. NOT_FOUND: there is
  // no such evaluation.
  absl::StatusOr<std::string> Make(const std::string& id, ReportFormat format) const;

  // Renders the report for a tracking server: only the samples of `model` unless it is empty, and
  // no addresses on that server, because they are not all known when the report is uploaded.
  absl::StatusOr<std::string> MakeForTracking(const std::string& id, ReportFormat format,
                                              std::string_view model) const;

  // Checks a gate on an evaluation. If `id` is empty the gate is only parsed, and the result is
  // passed without clauses. NOT_FOUND: there is no such evaluation. INVALID_ARGUMENT: the gate is
  // wrong. FAILED_PRECONDITION: the evaluation still runs.
  absl::StatusOr<GateResult> Check(const std::string& id, std::string_view gate) const;

 private:
  RunStore* const store_;
  const EconomicsInputs economics_;
  FeedbackStore* const feedback_;
  JudgmentStore* const judgments_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_RECORDED_REPORTS_H_
