// Converts an EvaluateRequest to an evaluation plan.
#include "server/wire/evaluation_plan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/near_name.h"
#include "base/status_macros.h"
#include "engine/runtime/generation/sampling.h"
#include "evaluator/economics/economics.h"
#include "evaluator/economics/price_table.h"
#include "evaluator/plan/plan.h"
#include "evaluator/plan/prompt_set.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "registry/catalog/content_types.h"
#include "server/routing/model_kinds.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

using assay::v1::EvaluateRequest;

constexpr int kMaxPrompts = 10000;

absl::Status OutOfRange(const char* field, int value, int max) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is out of range; give 1 to ",
                                                 max, ", or 0 for the default"));
}

absl::StatusOr<evaluator::Sampling> ReadSampling(const assay::v1::SamplingParams& params) {
  if (params.model_defaults()) {
    return absl::InvalidArgumentError(
        "model_defaults: an evaluation compares its candidates on equal terms; give temperature, "
        "top_p and top_k");
  }
  engine::SamplingParams checked;
  if (params.has_temperature()) checked.temperature = params.temperature();
  if (params.has_top_p()) checked.top_p = params.top_p();
  if (params.has_top_k()) checked.top_k = params.top_k();
  checked.seed = params.seed();
  RETURN_IF_ERROR(engine::ValidateSampling(checked));
  return evaluator::Sampling{.temperature = checked.temperature,
                             .top_p = checked.top_p,
                             .top_k = checked.top_k,
                             .seed = checked.seed};
}

evaluator::EvaluationPrompt ReadPrompt(const assay::v1::EvaluationPrompt& prompt) {
  return {.id = prompt.id(),
          .content_type = prompt.content_type(),
          .prompt = prompt.prompt(),
          .system = prompt.system(),
          .reference = prompt.reference(),
          .cluster = prompt.cluster(),
          .constraints = {
              .max_characters = prompt.max_characters(),
              .must_include = {prompt.must_include().begin(), prompt.must_include().end()}}};
}

absl::StatusOr<std::vector<evaluator::EvaluationPrompt>> ReadPrompts(
    const EvaluateRequest& request) {
  std::vector<evaluator::EvaluationPrompt> prompts;
  prompts.reserve(static_cast<size_t>(request.prompts_size()));
  for (const assay::v1::EvaluationPrompt& prompt : request.prompts()) {
    prompts.push_back(ReadPrompt(prompt));
  }
  const std::vector<std::string> types(request.content_types().begin(),
                                       request.content_types().end());
  if (prompts.empty() && request.own_prompts_only()) return prompts;
  return evaluator::SelectPrompts(prompts.empty() ? evaluator::BuiltInPrompts() : prompts, types,
                                  request.prompts_per_type());
}

// A mistyped content type would be scored by the default profile and give no evidence for a route.
absl::Status CheckContentTypes(const EvaluateRequest& request,
                               const std::vector<std::string>& known) {
  for (int i = 0; i < request.prompts_size(); ++i) {
    const assay::v1::EvaluationPrompt& prompt = request.prompts(i);
    if (prompt.content_type().empty()) continue;
    const std::string unknown = registry::UnknownContentType(prompt.content_type(), known);
    if (unknown.empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("prompts[", i, "].content_type: ", unknown,
                     ", or score such prompts by the default profile with routing.unknown (prompt ",
                     QuotedName(prompt.id()), ")"));
  }
  return absl::OkStatus();
}

evaluator::KnownAnswerTask ReadTask(const assay::v1::KnownAnswerTask& message) {
  evaluator::KnownAnswerTask task{.name = message.name(), .text = message.text()};
  if (!task.text.empty()) task.kind = evaluator::TaskKind::kPerplexity;
  task.items.reserve(static_cast<size_t>(message.items_size()));
  for (const assay::v1::MultipleChoiceItem& item : message.items()) {
    task.items.push_back({.id = item.id(),
                          .context = item.context(),
                          .choices = {item.choices().begin(), item.choices().end()},
                          .answer = item.answer()});
  }
  return task;
}

// Returns the entry of the price table in the message, else of the server's price table.
absl::StatusOr<evaluator::HostedPrice> FindPrice(const assay::v1::EconomicsInputs& message,
                                                 const std::string& server_table) {
  ASSIGN_OR_RETURN(evaluator::PriceTable table,
                   message.has_price_table()
                       ? evaluator::ParsePriceTable(message.price_table(), "price_table")
                   : server_table.empty() ? evaluator::BuiltInPriceTable()
                                          : evaluator::LoadPriceTable(server_table));
  return table.Find(message.compare_with());
}

// Returns the error of an economics field as INVALID_ARGUMENT.
absl::Status EconomicsError(const absl::Status& status, const char* key) {
  return absl::InvalidArgumentError(absl::StrCat("economics.", key, ": ", status.message()));
}

// Returns the server's inputs with those that the message sets. Every number of EconomicsInputs is
// a field of the message with the same name.
absl::StatusOr<evaluator::EconomicsInputs> ReadEconomics(const assay::v1::EconomicsInputs& message,
                                                         const EvaluationConfig& server) {
  evaluator::EconomicsInputs inputs = server.economics;
  const google::protobuf::Descriptor& fields = *message.GetDescriptor();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (const evaluator::EconomicsNumber& number : evaluator::EconomicsNumbers()) {
    const auto* field = fields.FindFieldByName(std::string(number.name));
    if (!reflection.HasField(message, field)) continue;
    inputs.*number.value = reflection.GetDouble(message, field);
  }
  if (message.has_requests_per_day()) inputs.requests_per_day = message.requests_per_day();
  if (message.has_api_usd_per_request() && message.has_compare_with()) {
    return absl::InvalidArgumentError(
        "economics.api_usd_per_request: is set together with compare_with; give one of them");
  }
  // A flat price replaces the server's entry of the price table.
  if (message.has_api_usd_per_request()) inputs.hosted = {};
  if (message.has_compare_with()) {
    absl::StatusOr<evaluator::HostedPrice> price = FindPrice(message, server.price_table);
    if (!price.ok()) return EconomicsError(price.status(), "compare_with");
    inputs.hosted = *std::move(price);
  } else if (message.has_price_table()) {
    return absl::InvalidArgumentError(
        "economics.price_table: is set without compare_with; set compare_with to one of its "
        "entries");
  }
  RETURN_IF_ERROR(evaluator::Validate(inputs));
  return inputs;
}

// A candidate must not have the name of another model, because its results would be taken for those
// of that model. `seed` is the seed of the request.
absl::StatusOr<evaluator::Candidate> ReadCandidate(const assay::v1::Candidate& message,
                                                   const registry::Manager& manager, uint64_t seed,
                                                   const std::string& field) {
  evaluator::Candidate candidate{.name = message.name().empty() ? message.model() : message.name(),
                                 .model = message.model(),
                                 .system = message.system()};
  if (absl::StatusOr<registry::ModelStatus> known = manager.Get(candidate.model); !known.ok()) {
    return known.status();
  }
  const bool unchanged = candidate.system.empty() && !message.has_sampling();
  if (candidate.name != candidate.model && manager.Get(candidate.name).ok()) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".name: '", candidate.name,
                                                   "' is a model of the catalog; give another"));
  }
  if (!unchanged && candidate.name == candidate.model) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ".name: '", candidate.name,
        "' is the id of the unchanged model; a candidate with its own system message or "
        "sampling needs another name"));
  }
  if (message.has_sampling()) {
    assay::v1::SamplingParams params = message.sampling();
    if (!params.has_seed()) params.set_seed(seed);
    absl::StatusOr<evaluator::Sampling> sampling = ReadSampling(params);
    if (!sampling.ok()) {
      return Annotate(sampling.status(), absl::StrCat(field, ".sampling"));
    }
    candidate.sampling = *sampling;
  }
  return candidate;
}

// Returns the models that the request names, else those that are resident, else the default model.
absl::StatusOr<std::vector<std::string>> ChooseModels(const EvaluateRequest& request,
                                                      const registry::Manager& manager) {
  std::vector<std::string> models(request.models().begin(), request.models().end());
  for (const std::string& model : models) {
    if (absl::StatusOr<registry::ModelStatus> known = manager.Get(model); !known.ok()) {
      return known.status();
    }
    if (IsResidentEncoder(manager, model)) return IsEncoderError(model);
  }
  if (!models.empty() || request.candidates_size() > 0) return models;
  for (const registry::ModelStatus& status : manager.List()) {
    const std::string& id = status.entry.id;
    if (status.state != registry::ModelState::kReady || IsResidentEncoder(manager, id)) continue;
    models.push_back(id);
  }
  if (!models.empty()) return models;
  const std::string default_model = manager.catalog()->default_model;
  if (default_model.empty()) {
    return absl::InvalidArgumentError(
        "models: is empty, no model is resident and the catalog has no default_model; name one");
  }
  return std::vector<std::string>{default_model};
}

absl::StatusOr<std::vector<evaluator::Candidate>> ReadCandidates(const EvaluateRequest& request,
                                                                 const registry::Manager& manager) {
  ASSIGN_OR_RETURN(std::vector<std::string> models, ChooseModels(request, manager));
  std::vector<evaluator::Candidate> candidates;
  candidates.reserve(models.size() + static_cast<size_t>(request.candidates_size()));
  for (const std::string& model : models) candidates.push_back({.name = model, .model = model});
  for (int i = 0; i < request.candidates_size(); ++i) {
    ASSIGN_OR_RETURN(evaluator::Candidate candidate,
                     ReadCandidate(request.candidates(i), manager, request.sampling().seed(),
                                   absl::StrCat("candidates[", i, "]")));
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

absl::Status CheckCounts(const EvaluateRequest& request, const LimitsConfig& limits) {
  const double longest = absl::ToDoubleSeconds(limits.inference_timeout);
  // The condition is negated so that NaN fails.
  if (!(request.timeout_seconds() >= 0 && request.timeout_seconds() <= longest)) {
    return absl::InvalidArgumentError(absl::StrCat("timeout_seconds: ", request.timeout_seconds(),
                                                   " is out of range; give 0 to ", longest));
  }
  if (request.repeats() < 0 || request.repeats() > evaluator::kMaxRepeats) {
    return OutOfRange("repeats", request.repeats(), evaluator::kMaxRepeats);
  }
  if (request.max_new_tokens() < 0 || request.max_new_tokens() > limits.max_new_tokens) {
    return OutOfRange("max_new_tokens", request.max_new_tokens(), limits.max_new_tokens);
  }
  if (request.prompts_per_type() < 0 || request.prompts_per_type() > kMaxPrompts) {
    return OutOfRange("prompts_per_type", request.prompts_per_type(), kMaxPrompts);
  }
  if (request.prompts_size() > kMaxPrompts) {
    return OutOfRange("prompts", request.prompts_size(), kMaxPrompts);
  }
  return absl::OkStatus();
}

absl::Status CheckBytes(const std::string& field, const std::string& id, size_t bytes,
                        const LimitsConfig& limits) {
  if (bytes <= static_cast<size_t>(limits.max_prompt_bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": '", id, "' has ", bytes, " bytes; the server takes at most ",
                   limits.max_prompt_bytes, " (limits.max_prompt_bytes)"));
}

// A longer prompt would fail at each of its requests, hours later.
absl::Status CheckLengths(const evaluator::EvaluationPlan& plan, const LimitsConfig& limits) {
  // Empty lines separate system messages, and a system message from the prompt if the model has no
  // chat template.
  constexpr size_t kMaxSeparatorBytes = 4;
  size_t system = 0;
  for (const evaluator::Candidate& one : plan.models) system = std::max(system, one.system.size());
  for (size_t i = 0; i < plan.prompts.size(); ++i) {
    const evaluator::EvaluationPrompt& prompt = plan.prompts[i];
    const size_t prompt_bytes = prompt.system.size() + prompt.prompt.size();
    const size_t bytes =
        prompt_bytes + (system + prompt.system.size() == 0 ? 0 : system + kMaxSeparatorBytes);
    RETURN_IF_ERROR(CheckBytes(absl::StrCat("prompts[", i, "]"), prompt.id, bytes, limits));
  }
  for (size_t i = 0; i < plan.tasks.size(); ++i) {
    const evaluator::KnownAnswerTask& task = plan.tasks[i];
    const std::string field = absl::StrCat("tasks[", i, "]");
    absl::Status s = CheckBytes(field + ".text", task.name, task.text.size(), limits);
    for (size_t j = 0; s.ok() && j < task.items.size(); ++j) {
      const evaluator::MultipleChoiceItem& item = task.items[j];
      size_t bytes = item.context.size();
      for (const std::string& choice : item.choices) bytes += choice.size();
      s = CheckBytes(absl::StrCat(field, ".items[", j, "]"), item.id, bytes, limits);
    }
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<evaluator::EvaluationPlan> Replay(const EvaluateRequest& request,
                                                 evaluator::RunStore* store,
                                                 const LimitsConfig& limits) {
  EvaluateRequest rest = request;
  rest.clear_replay_of();
  rest.clear_name();
  rest.clear_order_seed();
  rest.clear_gate();
  rest.clear_detect();
  rest.clear_anyway();
  rest.clear_forecast_only();
  if (rest.ByteSizeLong() > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay_of: the plan of '", request.replay_of(),
                     "' is repeated; set only name, order_seed, gate and detect"));
  }
  ASSIGN_OR_RETURN(evaluator::EvaluationPlan plan, store->Plan(request.replay_of()));
  if (plan.prompts.empty() && plan.tasks.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("replay_of: '", request.replay_of(),
                     "' was cancelled before its first sample, so its plan was not kept; begin a "
                     "new evaluation"));
  }
  if (!request.name().empty()) plan.name = request.name();
  if (request.order_seed() != 0) plan.order_seed = request.order_seed();
  RETURN_IF_ERROR(CheckLengths(plan, limits));
  return plan;
}

}  // namespace

evaluator::Correction FromProto(assay::v1::Correction correction) {
  switch (correction) {
    case assay::v1::CORRECTION_BENJAMINI_HOCHBERG:
      return evaluator::Correction::kBenjaminiHochberg;
    case assay::v1::CORRECTION_NONE:
      return evaluator::Correction::kNone;
    default:
      return evaluator::Correction::kHolm;
  }
}

evaluator::FailurePolicy FromProto(assay::v1::FailurePolicy policy) {
  return policy == assay::v1::FAILURE_POLICY_LEAVE_OUT ? evaluator::FailurePolicy::kLeaveOut
                                                       : evaluator::FailurePolicy::kZero;
}

absl::StatusOr<evaluator::EvaluationPlan> ToPlan(const EvaluateRequest& request,
                                                 const registry::Manager& manager,
                                                 evaluator::RunStore* store,
                                                 const PlanDefaults& defaults) {
  if (!request.replay_of().empty()) return Replay(request, store, defaults.limits);
  RETURN_IF_ERROR(CheckCounts(request, defaults.limits));
  ASSIGN_OR_RETURN(evaluator::Sampling sampling, ReadSampling(request.sampling()));
  ASSIGN_OR_RETURN(std::vector<evaluator::Candidate> candidates, ReadCandidates(request, manager));
  if (defaults.refuse_unknown) {
    RETURN_IF_ERROR(CheckContentTypes(request, manager.catalog()->content_types));
  }
  ASSIGN_OR_RETURN(std::vector<evaluator::EvaluationPrompt> prompts, ReadPrompts(request));

  evaluator::EvaluationPlan plan;
  plan.name = request.name();
  plan.hypothesis = request.hypothesis();
  plan.models = std::move(candidates);
  plan.baseline = request.baseline();
  plan.prompts = std::move(prompts);
  if (request.prompts_size() > 0) plan.prompt_source = request.prompt_source();
  for (const assay::v1::KnownAnswerTask& task : request.tasks()) {
    plan.tasks.push_back(ReadTask(task));
  }
  plan.repeats = request.repeats() == 0 ? 1 : request.repeats();
  plan.sampling = sampling;
  plan.max_new_tokens =
      request.max_new_tokens() == 0 ? defaults.evaluation.max_new_tokens : request.max_new_tokens();
  plan.timeout = defaults.limits.inference_timeout;
  if (request.timeout_seconds() != 0) plan.timeout = absl::Seconds(request.timeout_seconds());
  if (request.scorers_size() > 0) {
    plan.scorers = {request.scorers().begin(), request.scorers().end()};
  }
  if (request.alpha() != 0) plan.alpha = request.alpha();
  plan.correction = FromProto(request.correction());
  plan.failures = FromProto(request.failures());
  if (request.has_economics()) {
    ASSIGN_OR_RETURN(evaluator::EconomicsInputs economics,
                     ReadEconomics(request.economics(), defaults.evaluation));
    plan.economics = std::move(economics);
  }
  plan.scaling.concurrency = {request.scaling().concurrency().begin(),
                              request.scaling().concurrency().end()};
  if (request.scaling().rounds() != 0) plan.scaling.rounds = request.scaling().rounds();
  plan.scaling.residents = request.scaling().residents();
  plan.order_seed = request.order_seed();
  if (request.looks() != 0) {
    plan.stop_early = {.looks = request.looks(), .futility = request.stop_for_futility()};
  } else if (request.stop_for_futility()) {
    return absl::InvalidArgumentError(
        "stop_for_futility: is set without looks; set the number of looks, such as 5");
  }
  RETURN_IF_ERROR(CheckLengths(plan, defaults.limits));
  return plan;
}

}  // namespace assay::server
