// Implementation of counting attempts.
#include "evaluator/analysis/gate_attempts.h"

#include "absl/strings/str_cat.h"
#include "base/hashing.h"
#include "base/status_macros.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/plan/plan_json.h"

namespace assay::evaluator {
namespace {

// The length prefix keeps different lists from joining to the same bytes.
void AppendPart(const std::string& part, std::string* bytes) {
  absl::StrAppend(bytes, part.size(), ":", part);
}

}  // namespace

std::string GateSubject(const EvaluationPlan& plan, const Gate& gate) {
  std::string bytes;
  AppendPart(gate.Tests(), &bytes);
  for (const Candidate& candidate : plan.models) {
    const Sampling sampling = candidate.sampling.value_or(plan.sampling);
    AppendPart(candidate.model, &bytes);
    AppendPart(candidate.system, &bytes);
    AppendPart(absl::StrCat(sampling.temperature, " ", sampling.top_p, " ", sampling.top_k),
               &bytes);
  }
  for (const std::string& type : ContentTypes(plan)) {
    AppendPart(WorkloadFingerprint(plan, type), &bytes);
  }
  for (const KnownAnswerTask& task : plan.tasks) AppendPart(task.name, &bytes);
  return Sha256Hex(bytes);
}

absl::Status CountAttempt(RunStore* store, const Gate& gate, const EvaluationPlan& plan,
                          std::string_view evaluation_id, GateResult* result) {
  if (gate.Tests().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(result->attempt, store->CountGateCheck(GateSubject(plan, gate), evaluation_id));
  return absl::OkStatus();
}

}  // namespace assay::evaluator
