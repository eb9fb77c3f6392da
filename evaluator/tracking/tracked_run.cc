// Builds the metrics, parameters and tags of tracked runs.
#include "evaluator/tracking/tracked_run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/economics/economics.h"
#include "evaluator/economics/economics_report.h"
#include "evaluator/plan/plan.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/records/json_types.h"
#include "evaluator/tracking/tracked_metrics.h"

namespace assay::evaluator {
namespace {

using Params = std::map<std::string, std::string>;

// Adds the inputs that have no effect until they are stated.
void AddStatedParams(const EconomicsInputs& economics, Params& params) {
  if (!economics.hosted.name.empty()) {
    params["compare_with"] = economics.hosted.name;
    params["prices_as_of"] = economics.hosted.as_of;
    params["usd_per_million_input_tokens"] =
        absl::StrCat(economics.hosted.usd_per_million_input_tokens);
    params["usd_per_million_output_tokens"] =
        absl::StrCat(economics.hosted.usd_per_million_output_tokens);
  }
  if (economics.hardware_usd > 0) {
    params["hardware_usd"] = absl::StrCat(economics.hardware_usd);
    params["hardware_years"] = absl::StrCat(economics.hardware_years);
    params["busy_hours_per_day"] = absl::StrCat(economics.busy_hours_per_day);
  }
  params["acceptance_threshold"] = absl::StrCat(economics.acceptance_threshold);
  params["human_usd_per_piece"] = absl::StrCat(HumanUsdPerPiece(economics));
}

void AddSampling(const Sampling& sampling, Params& params) {
  params["temperature"] = absl::StrCat(sampling.temperature);
  params["top_p"] = absl::StrCat(sampling.top_p);
  params["top_k"] = absl::StrCat(sampling.top_k);
  params["seed"] = absl::StrCat(sampling.seed);
}

// Returns the parameters that all runs of the evaluation share.
Params PlanParams(const RunContext& context) {
  const EvaluationPlan& plan = context.plan;
  const EconomicsInputs& economics = context.economics;
  std::set<std::string> types;
  for (const EvaluationPrompt& prompt : plan.prompts) types.insert(prompt.content_type);
  Params params = {{"max_new_tokens", absl::StrCat(plan.max_new_tokens)},
                   {"timeout_s", absl::StrCat(absl::ToDoubleSeconds(plan.timeout))},
                   {"repeats", absl::StrCat(plan.repeats)},
                   {"prompts", absl::StrCat(plan.prompts.size())},
                   {"content_types", absl::StrJoin(types, ",")},
                   {"prompt_set_version", PromptSetVersion(plan)},
                   {"prompt_set_sha256", PromptSetFingerprint(plan)},
                   {"plan_sha256", context.evaluation.plan_sha256},
                   {"order_seed", absl::StrCat(context.order_seed)},
                   {"scorer", context.scorer},
                   {"scorer_version", context.scorer_version},
                   {"power_watts", absl::StrCat(economics.power_watts)},
                   {"electricity_usd_per_kwh", absl::StrCat(economics.electricity_usd_per_kwh)},
                   {"api_usd_per_request", absl::StrCat(economics.api_usd_per_request)},
                   {"value_usd_per_piece", absl::StrCat(economics.value_usd_per_piece)},
                   {"requests_per_day", absl::StrCat(economics.requests_per_day)}};
  AddSampling(plan.sampling, params);
  AddStatedParams(economics, params);
  return params;
}

Params ModelParams(const RunContext& context, const PreparedModel& model) {
  Params params = PlanParams(context);
  const std::vector<Candidate>& candidates = context.plan.models;
  const auto candidate =
      std::find_if(candidates.begin(), candidates.end(),
                   [&model](const Candidate& one) { return one.name == model.name; });
  if (candidate != candidates.end()) {
    params["catalog_model"] = candidate->model;
    if (!candidate->system.empty()) params["system"] = candidate->system;
    if (candidate->sampling) AddSampling(*candidate->sampling, params);
  }
  params["model"] = model.name;
  params["energy_source"] =
      SumUsage(context.economics, SamplesOf(context.samples, model.name, "")).energy_source;
  if (model.load.ok()) {
    if (!model.load->revision.empty()) params["revision"] = model.load->revision;
    // insert() keeps the existing parameter if the loader has one of the same name.
    params.insert(model.load->parameters.begin(), model.load->parameters.end());
  }
  return params;
}

Params EvaluationParams(const RunContext& context) {
  const EvaluationPlan& plan = context.plan;
  Params params = PlanParams(context);
  std::vector<std::string> names;
  names.reserve(plan.models.size());
  for (const Candidate& candidate : plan.models) names.push_back(candidate.name);
  params["models"] = absl::StrJoin(names, ",");
  params["baseline"] = context.evaluation.analysis.baseline;
  params["alpha"] = absl::StrCat(plan.alpha);
  params["correction"] = context.evaluation.analysis.correction;
  params["scorers"] = absl::StrJoin(plan.scorers, ",");
  if (!plan.hypothesis.empty()) params["hypothesis"] = plan.hypothesis;
  if (!plan.tasks.empty()) {
    std::vector<std::string> tasks;
    tasks.reserve(plan.tasks.size());
    for (const KnownAnswerTask& task : plan.tasks) tasks.push_back(task.name);
    params["tasks"] = absl::StrJoin(tasks, ",");
  }
  return params;
}

TrackedDataset BuildDataset(const EvaluationPlan& plan) {
  EvaluationPlan workload;
  workload.prompts = plan.prompts;
  workload.tasks = plan.tasks;
  const std::string version = PromptSetVersion(plan);
  size_t items = 0;
  for (const KnownAnswerTask& task : plan.tasks) items += std::max<size_t>(task.items.size(), 1);
  return {.name = absl::StrCat("assay prompts ", version),
          .digest = PlanSha256(std::move(workload)),
          .source = DumpJson({{"prompt_set_version", version}}),
          .profile = DumpJson({{"num_prompts", plan.prompts.size()}, {"num_task_items", items}})};
}

// Returns nullopt if the model could not be loaded.
std::optional<TrackedModel> BuildDeployedModel(const EvaluationPlan& plan,
                                               const PreparedModel& model) {
  if (!model.load.ok()) return std::nullopt;
  TrackedModel deployed{.name = model.name};
  for (const Candidate& candidate : plan.models) {
    if (candidate.name == model.name) deployed.name = candidate.model;
  }
  deployed.key = absl::StrCat(deployed.name, "@", model.load->revision);
  deployed.params.assign(model.load->parameters.begin(), model.load->parameters.end());
  deployed.params.emplace_back("revision", model.load->revision);
  return deployed;
}

// Returns the first error, which usually causes the others. Empty if there is none.
std::string FirstError(const PreparedModel& model, const std::vector<const Sample*>& samples) {
  if (!model.load.ok()) return std::string(model.load.status().message());
  for (const Sample* measured : samples) {
    if (!measured->error.empty()) return measured->error;
  }
  return "";
}

// Returns a run with the fields that all runs of the evaluation share.
TrackedRun StartRun(const RunContext& context) {
  const Evaluation& evaluation = context.evaluation;
  TrackedRun run;
  run.evaluation_id = evaluation.id;
  run.started_at = evaluation.started_at;
  run.finished_at = evaluation.finished_at;
  run.succeeded = evaluation.state == EvaluationState::kSucceeded;
  run.dataset = BuildDataset(context.plan);
  run.tags = {{"assay.evaluation_id", evaluation.id},
              {"assay.state", std::string(EvaluationStateName(evaluation.state))},
              {"mlflow.source.name", "assay"},
              {"mlflow.source.type", "JOB"}};
  return run;
}

void AddTotals(const Evaluation& evaluation, MetricList* metrics) {
  metrics->Add("samples", evaluation.finished_samples);
  metrics->Add("duration_s", absl::ToDoubleSeconds(evaluation.finished_at - evaluation.started_at));
  metrics->Add("resumes", evaluation.resumes);
  if (const EvaluationCost& cost = evaluation.analysis.cost; cost.compute_seconds > 0) {
    metrics->Add("evaluation_cost_usd", cost.usd);
    metrics->Add("evaluation_compute_s", cost.compute_seconds);
    metrics->Add("evaluation_energy_joules", cost.joules);
  }
  for (const Summary& summary : evaluation.summaries) {
    if (!summary.content_type.empty()) continue;
    const auto add = [&](absl::string_view name, const Estimate& estimate) {
      if (estimate.n > 0) metrics->Add(absl::StrCat(name, "/", summary.model), estimate.mean);
    };
    metrics->Add(absl::StrCat("success_rate/", summary.model), summary.success_rate);
    add("content_quality_score", summary.quality_score);
    add("inference_latency_ms", summary.latency_ms);
    add("first_token_ms", summary.first_token_ms);
    add("tokens_per_second", summary.tokens_per_second);
    add("cost_per_request", summary.cost_usd);
  }
}

void AddComparison(const Comparison& comparison, MetricList* metrics) {
  if (comparison.result.status == PairedStatus::kInsufficientPairs) return;
  // Timings and costs are compared over all types only, because one type has few prompts.
  if (!comparison.content_type.empty() && comparison.metric != "quality_score") return;
  std::string prefix = absl::StrCat("comparison/", comparison.candidate, "/", comparison.metric);
  if (!comparison.content_type.empty()) absl::StrAppend(&prefix, "/", comparison.content_type);
  const PairedResult& result = comparison.result;
  metrics->Add(prefix + "/difference", result.diff);
  metrics->Add(prefix + "/ci_low", result.ci_low);
  metrics->Add(prefix + "/ci_high", result.ci_high);
  metrics->Add(prefix + "/p_adjusted", comparison.p_adjusted);
  metrics->Add(prefix + "/effect_size", result.effect_size);
  metrics->Add(prefix + "/pairs", result.n_paired);
}

void AddRanking(const Ranking& ranking, MetricList* metrics) {
  const std::string suffix =
      ranking.content_type.empty() ? "" : absl::StrCat("/", ranking.content_type);
  for (const RankedCandidate& candidate : ranking.candidates) {
    metrics->Add(absl::StrCat("rank/", candidate.name, suffix), candidate.rank);
  }
}

// Adds the scaling points with the level as step.
void AddScaling(const Evaluation& evaluation, MetricList* metrics) {
  for (const ScalingPoint& point : evaluation.scaling) {
    const bool streams = point.kind == ScalingKind::kConcurrency;
    const std::string prefix =
        absl::StrCat("scaling/", streams ? "concurrency" : "residents", "/", point.model);
    const auto add = [&](absl::string_view name, double value) {
      metrics->AddAt(absl::StrCat(prefix, "/", name), value, evaluation.finished_at, point.level);
    };
    add("tokens_per_second", point.tokens_per_second);
    add("latency_p50_ms", point.latency_p50_ms);
    add("latency_p90_ms", point.latency_p90_ms);
    add("first_token_p90_ms", point.first_token_p90_ms);
    add("failures", point.failures);
  }
}

// Returns the text that MLflow shows on the page of the run.
std::string Note(const RunContext& context) {
  std::vector<std::string> lines;
  if (!context.evaluation.name.empty()) lines.push_back(context.evaluation.name);
  if (!context.plan.hypothesis.empty()) {
    lines.push_back(absl::StrCat("Hypothesis: ", context.plan.hypothesis));
  }
  const std::vector<std::string>& decisions = context.evaluation.analysis.decisions;
  lines.insert(lines.end(), decisions.begin(), decisions.end());
  if (!context.evaluation.error.empty()) {
    lines.push_back(absl::StrCat("Failed: ", context.evaluation.error));
  }
  return absl::StrJoin(lines, "\n\n");
}

}  // namespace

std::string EvaluationKey(const Evaluation& evaluation) {
  return absl::StrCat(evaluation.id, "/evaluation");
}

std::string CandidateKey(const Evaluation& evaluation, const std::string& candidate) {
  return absl::StrCat(evaluation.id, "/", candidate);
}

std::string EvaluationRunName(const Evaluation& evaluation) {
  return evaluation.name.empty() ? absl::StrCat("evaluation_", evaluation.id) : evaluation.name;
}

std::string CandidateRunName(const std::string& candidate) {
  return absl::StrCat("business_test_", candidate);
}

TrackedRun BuildTrackedEvaluation(const RunContext& context) {
  const Evaluation& evaluation = context.evaluation;
  TrackedRun run = StartRun(context);
  run.client_key = EvaluationKey(evaluation);
  run.run_name = EvaluationRunName(evaluation);
  MetricList metrics(evaluation.finished_at);
  AddTotals(evaluation, &metrics);
  std::set<std::string> models;
  for (const Candidate& candidate : context.plan.models) models.insert(candidate.model);
  metrics.Add("models", static_cast<double>(models.size()));
  metrics.Add("candidates", static_cast<double>(context.plan.models.size()));
  for (const Ranking& ranking : evaluation.analysis.rankings) AddRanking(ranking, &metrics);
  for (const Comparison& comparison : evaluation.analysis.comparisons) {
    AddComparison(comparison, &metrics);
  }
  AddScaling(evaluation, &metrics);
  AddSystemMetrics(context.samples, &metrics);
  run.metrics = metrics.Take();
  const Params params = EvaluationParams(context);
  run.params = {params.begin(), params.end()};
  if (std::string note = Note(context); !note.empty()) {
    run.tags.emplace_back("mlflow.note.content", std::move(note));
  }
  run.artifacts = {kReportHtml, kReportMarkdown, kResultsJson, kSamplesJsonl, kPlanJson};
  return run;
}

TrackedRun BuildTrackedRun(const RunContext& context, const PreparedModel& model) {
  const Evaluation& evaluation = context.evaluation;
  const std::vector<const Sample*> samples = SamplesOf(context.samples, model.name, "");
  const Summary summary = Summarize(model, "", samples, SampleClusters(context.plan),
                                    context.plan.failures, context.economics);

  TrackedRun run = StartRun(context);
  run.client_key = CandidateKey(evaluation, model.name);
  run.model = model.name;
  run.run_name = CandidateRunName(model.name);
  run.succeeded = run.succeeded && (summary.samples == 0 || summary.failures < summary.samples);
  run.parent = ParentRun{.client_key = EvaluationKey(evaluation),
                         .run_name = EvaluationRunName(evaluation),
                         .started_at = evaluation.started_at};
  MetricList metrics(evaluation.finished_at);
  AddModelMetrics(context, model, summary, samples, &metrics);
  AddSampleMetrics(context.economics, samples, &metrics);
  run.metrics = metrics.Take();
  const Params params = ModelParams(context, model);
  run.params = {params.begin(), params.end()};
  run.deployed = BuildDeployedModel(context.plan, model);
  if (!samples.empty()) run.artifacts = {kSamplesJsonl};
  if (!evaluation.name.empty()) run.tags.emplace_back("mlflow.note.content", evaluation.name);
  if (std::string error = FirstError(model, samples); !error.empty()) {
    run.tags.emplace_back("assay.first_error", std::move(error));
  }
  return run;
}

}  // namespace assay::evaluator
