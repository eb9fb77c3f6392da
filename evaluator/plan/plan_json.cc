// Conversion of plans to and from JSON.
#include "evaluator/plan/plan_json.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/hashing.h"
#include "evaluator/records/json_types.h"

namespace assay::evaluator {

// nlohmann's macros find these functions by argument-dependent lookup, so they must not be in the
// anonymous namespace.
NLOHMANN_JSON_SERIALIZE_ENUM(Correction, {{Correction::kHolm, "holm"},
                                          {Correction::kBenjaminiHochberg, "benjamini_hochberg"},
                                          {Correction::kNone, "none"}})
NLOHMANN_JSON_SERIALIZE_ENUM(FailurePolicy, {{FailurePolicy::kZero, "zero"},
                                             {FailurePolicy::kLeaveOut, "leave_out"}})
NLOHMANN_JSON_SERIALIZE_ENUM(TaskKind, {{TaskKind::kMultipleChoice, "multiple_choice"},
                                        {TaskKind::kPerplexity, "perplexity"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Sampling, temperature, top_p, top_k, seed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PromptConstraints, max_characters, must_include)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(EvaluationPrompt, id, content_type, prompt, system,
                                                reference, cluster, constraints)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Candidate, name, model, system, sampling)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MultipleChoiceItem, id, context, choices, answer)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(KnownAnswerTask, name, kind, items, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ScalingPlan, concurrency, rounds, residents)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LookPlan, looks, futility)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(HostedPrice, name, as_of,
                                                usd_per_million_input_tokens,
                                                usd_per_million_output_tokens, usd_per_request)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    EconomicsInputs, power_watts, electricity_usd_per_kwh, api_usd_per_request, value_usd_per_piece,
    requests_per_day, hosted, hardware_usd, hardware_years, busy_hours_per_day, human_usd_per_piece,
    human_minutes_per_piece, human_usd_per_hour, review_minutes_per_piece, acceptance_threshold,
    leads_per_1000_pieces, usd_per_lead, idle_power_watts, idle_hours_per_day, machine_memory_gb)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(EvaluationPlan, name, hypothesis, models, baseline,
                                                prompts, prompt_source, tasks, scaling, repeats,
                                                sampling, max_new_tokens, timeout, scorers, alpha,
                                                correction, failures, economics, stop_early,
                                                order_seed)

namespace {

using Json = nlohmann::json;

// In plans of the first version a model is a string, the id in the catalog.
EvaluationPlan ReadPlan(const Json& json) {
  Json plan = json;
  for (Json& model : plan.at("models")) {
    if (model.is_string()) model = {{"name", model}, {"model", model}};
  }
  // Versions without the key left failed generations out.
  if (!plan.contains("failures")) plan["failures"] = FailurePolicy::kLeaveOut;
  return plan.get<EvaluationPlan>();
}

}  // namespace

std::string PlanToJson(const EvaluationPlan& plan) {
  Json json(plan);
  // Left out if they are empty, so that plans without them keep the SHA-256 that older versions
  // gave them.
  if (plan.prompt_source.empty()) json.erase("prompt_source");
  if (!plan.stop_early) json.erase("stop_early");
  return DumpJson(json);
}

absl::StatusOr<EvaluationPlan> PlanFromJson(std::string_view text) {
  return ParseJson<EvaluationPlan>(text, ReadPlan);
}

std::string WorkloadFingerprint(const EvaluationPlan& plan, std::string_view content_type) {
  Sampling sampling = plan.sampling;
  sampling.seed = 0;
  std::vector<std::string> prompts;
  for (EvaluationPrompt prompt : plan.prompts) {
    if (prompt.content_type != content_type) continue;
    prompt.id.clear();
    prompts.push_back(DumpJson(Json(prompt)));
  }
  std::sort(prompts.begin(), prompts.end());
  return Sha256Hex(DumpJson(
      {{"prompts", prompts}, {"sampling", sampling}, {"max_new_tokens", plan.max_new_tokens}}));
}

std::string PlanSha256(EvaluationPlan plan) {
  plan.name.clear();
  plan.prompt_source.clear();
  plan.order_seed = 0;
  return Sha256Hex(PlanToJson(plan));
}

}  // namespace assay::evaluator
