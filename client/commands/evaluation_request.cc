// Builds and checks the request of `assay evaluate`.
#include "client/commands/evaluation_request.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "client/commands/evaluation_reports.h"
#include "client/input/plan_file.h"
#include "client/input/prompts_file.h"

namespace assay::client {
namespace {

absl::StatusOr<v1::EvaluateRequest> FromFlags(const EvaluateOptions& options) {
  v1::EvaluateRequest request;
  for (const std::string& model : options.models) request.add_models(model);
  for (const std::string& type : options.content_types) request.add_content_types(type);
  request.set_prompts_per_type(options.prompts_per_type);
  request.set_repeats(options.repeats);
  request.set_max_new_tokens(options.max_new_tokens);
  request.set_baseline(options.baseline);
  for (const std::string& scorer : options.scorers) request.add_scorers(scorer);
  request.set_failures(FailurePolicyOf(options.failures));
  if (options.prompts_file.empty()) return request;
  PromptsOptions reading = {.columns = options.prompt_columns,
                            .choice = {.limit = options.prompt_limit, .seed = options.prompt_seed}};
  if (options.content_types.size() == 1) reading.content_type = options.content_types.front();
  ASSIGN_OR_RETURN(PromptSet set, ReadPrompts(options.prompts_file, reading));
  for (v1::EvaluationPrompt& prompt : set.prompts) *request.add_prompts() = std::move(prompt);
  request.set_prompt_source(std::move(set.source));
  return request;
}

absl::StatusOr<v1::EvaluateRequest> ReadRequest(const EvaluateOptions& options) {
  if (!options.plan_file.empty()) return ReadPlanFile(options.plan_file);
  if (options.replay_of.empty()) return FromFlags(options);
  v1::EvaluateRequest request;
  request.set_replay_of(options.replay_of);
  return request;
}

// Refuses what would fail only after the evaluation.
absl::Status CheckEnd(const EvaluateOptions& options, const v1::EvaluateRequest& request) {
  RETURN_IF_ERROR(ReportFormatOf("", options.report).status());
  if (!options.detach) return absl::OkStatus();
  if (!request.gate().empty()) {
    return absl::InvalidArgumentError(
        "--detach leaves before there are results to check against the gate; leave one of them "
        "out, and check later: assay evaluations gate ID GATE");
  }
  if (!options.report.empty()) {
    return absl::InvalidArgumentError(
        "--detach leaves before there are results to report; leave one of them out, and report "
        "later: assay evaluations report ID --output FILE");
  }
  return absl::OkStatus();
}

}  // namespace

v1::FailurePolicy FailurePolicyOf(const std::string& name) {
  if (name.empty()) return v1::FAILURE_POLICY_UNSPECIFIED;
  return name == "zero" ? v1::FAILURE_POLICY_ZERO : v1::FAILURE_POLICY_LEAVE_OUT;
}

absl::StatusOr<v1::EvaluateRequest> MakeEvaluateRequest(const EvaluateOptions& options) {
  ASSIGN_OR_RETURN(v1::EvaluateRequest request, ReadRequest(options));
  if (!options.name.empty()) request.set_name(options.name);
  if (options.order_seed != 0) request.set_order_seed(options.order_seed);
  if (!options.gate.empty()) request.set_gate(options.gate);
  if (options.detect != 0) request.set_detect(options.detect);
  request.set_anyway(options.anyway);
  if (options.stop_early) {
    request.set_looks(options.looks);
    request.set_stop_for_futility(options.stop_for_futility);
  }
  request.set_forecast_only(options.dry_run);
  RETURN_IF_ERROR(CheckEnd(options, request));
  return request;
}

}  // namespace assay::client
