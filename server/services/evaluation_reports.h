// Renders recorded evaluations as documents and checks gates on them.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_REPORTS_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_REPORTS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/store/run_store.h"

namespace assay::server {

// Reads the store at every call. Thread-safe. Construction is cheap.
class EvaluationReports {
 public:
  // `store` must outlive this object. `economics` is used for plans without economics, which older
  // versions recorded.
  EvaluationReports(evaluator::RunStore* store, const evaluator::EconomicsInputs& economics)
      : store_(store), economics_(economics) {}

  // Renders the report of an evaluation. Takes one second for 30,000 samples. NOT_FOUND: there is
  // no such evaluation. INVALID_ARGUMENT: there is no such format.
  absl::StatusOr<std::string> Make(const std::string& id, assay::v1::ReportFormat format) const;

  // Renders the report for a tracking server: only the samples of `model` unless it is empty, and
  // no addresses on that server, because they are not all known when the report is uploaded.
  absl::StatusOr<std::string> MakeForTracking(const std::string& id, assay::v1::ReportFormat format,
                                              std::string_view model) const;

  // Checks a gate on an evaluation. If `id` is empty the gate is only parsed, and the result is
  // passed without clauses. NOT_FOUND: there is no such evaluation. INVALID_ARGUMENT: the gate is
  // wrong. FAILED_PRECONDITION: the evaluation still runs.
  absl::StatusOr<evaluator::GateResult> Check(const std::string& id, std::string_view gate) const;

 private:
  evaluator::RunStore* const store_;
  const evaluator::EconomicsInputs economics_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_REPORTS_H_
