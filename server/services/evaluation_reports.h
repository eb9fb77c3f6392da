// Recorded evaluations as documents, and conditions on them.
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

// Reads the store at every call. Thread-safe.
class EvaluationReports {
 public:
  // `economics` is for plans that have none: those of older versions.
  EvaluationReports(evaluator::RunStore* store, const evaluator::EconomicsInputs& economics)
      : store_(store), economics_(economics) {}

  // NOT_FOUND; INVALID_ARGUMENT: no such format. A second for 30,000 samples.
  absl::StatusOr<std::string> Make(const std::string& id, assay::v1::ReportFormat format) const;

  // The same for a tracking server: with the samples of `model` alone where that is not empty, and
  // without the addresses on that server, which come one after the other.
  absl::StatusOr<std::string> MakeForTracking(const std::string& id, assay::v1::ReportFormat format,
                                              std::string_view model) const;

  // With no id the gate is only parsed: passed, no clauses. NOT_FOUND; INVALID_ARGUMENT: the gate;
  // FAILED_PRECONDITION: the evaluation still runs.
  absl::StatusOr<evaluator::GateResult> Check(const std::string& id, std::string_view gate) const;

 private:
  evaluator::RunStore* const store_;
  const evaluator::EconomicsInputs economics_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_REPORTS_H_
