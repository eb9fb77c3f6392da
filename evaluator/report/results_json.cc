// The export of results as one JSON document.
#include "absl/strings/str_cat.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/records/json_types.h"
#include "evaluator/records/records_json.h"
#include "evaluator/report/digest.h"
#include "evaluator/report/exports.h"
#include "evaluator/report/judgment_export.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;

// Since schema 2 an estimate's "n" is the number of prompts, "samples" that of samples, and an
// interval may be null.
constexpr int kSchema = 2;

Json TimeJson(absl::Time time) {
  // The time is unset, for example the end of a running evaluation.
  if (time <= absl::UnixEpoch()) return nullptr;
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

Json WithoutTexts(const EvaluationPlan& plan) {
  Json json = Json::parse(PlanToJson(plan), nullptr, false);
  for (Json& prompt : json["prompts"]) {
    prompt.erase("prompt");
    prompt.erase("system");
    prompt.erase("reference");
  }
  for (Json& task : json["tasks"]) {
    task["items"] = task["items"].size();
    task.erase("text");
  }
  return json;
}

Json QuantilesJson(const Quantiles& q) {
  if (q.n == 0) return nullptr;
  return {{"n", q.n}, {"p50", q.p50}, {"p90", q.p90}, {"p99", q.p99}};
}

Json ProportionJson(const Proportion& p) {
  if (p.n == 0) return nullptr;
  return {{"hits", p.hits}, {"n", p.n},        {"units", p.units},
          {"rate", p.rate}, {"ci_low", p.low}, {"ci_high", p.high}};
}

Json CandidateJson(const std::string& name, const Digest& digest) {
  const SampleList& samples = digest.SamplesOf(name, "");
  const TechnicalMetrics technical = TechnicalMetricsOf(samples);
  Json dimensions = Json::array();
  for (const PartMean& d : PartMeans(samples)) {
    dimensions.push_back({{"scorer", d.scorer}, {"name", d.name}, {"mean", d.mean}, {"n", d.n}});
  }
  return {
      {"name", name},
      {"success", ProportionJson(SuccessRateOf(samples))},
      {"latency_ms", QuantilesJson(technical.latency_ms)},
      {"first_token_ms", QuantilesJson(technical.first_token_ms)},
      {"inter_token_ms", QuantilesJson(technical.inter_token_ms)},
      {"queue_ms", QuantilesJson(technical.queue_ms)},
      {"energy_joules", technical.energy_source.empty() ? Json(nullptr) : Json(technical.joules)},
      {"energy_source", technical.energy_source},
      {"dimensions", std::move(dimensions)}};
}

Json TaskJson(const TaskResult& task) {
  const bool perplexity = task.kind == TaskKind::kPerplexity;
  return {
      {"candidate", task.candidate},
      {"task", task.task},
      {"items", task.items},
      {"failed", task.failed},
      {"accuracy", perplexity ? Json(nullptr) : ProportionJson(task.accuracy)},
      {"accuracy_by_length", perplexity ? Json(nullptr) : ProportionJson(task.accuracy_by_length)},
      {"accuracy_by_bytes", perplexity ? Json(nullptr) : ProportionJson(task.accuracy_by_bytes)},
      {"perplexity", task.tokens > 0 ? Json(task.perplexity) : Json(nullptr)},
      {"log_likelihood", task.tokens > 0 ? Json(task.log_likelihood) : Json(nullptr)},
      {"tokens", task.tokens}};
}

Json FigureJson(const ReportFigure& row) {
  const Figure& figure = row.figure;
  return {{"candidate", row.candidate},
          {"name", figure.name},
          {"value", figure.value ? Json(*figure.value) : Json(nullptr)},
          {"unit", figure.unit},
          {"formula", figure.formula},
          {"inputs", figure.inputs},
          {"note", figure.note},
          {"basis", figure.basis}};
}

}  // namespace

std::string ResultsJson(const ReportInput& input) {
  const Digest digest(input);
  const Evaluation& evaluation = input.evaluation;
  Json json = {{"schema", kSchema},
               {"id", evaluation.id},
               {"name", evaluation.name},
               {"state", EvaluationStateName(evaluation.state)},
               {"error", evaluation.error.empty() ? Json(nullptr) : Json(evaluation.error)},
               {"plan_sha256", evaluation.plan_sha256},
               // A string, because JSON readers round large integers.
               {"order_seed", absl::StrCat(evaluation.order_seed)},
               {"resumes", evaluation.resumes},
               {"started_at", TimeJson(evaluation.started_at)},
               {"finished_at", TimeJson(evaluation.finished_at)},
               {"finished_samples", evaluation.finished_samples},
               {"total_samples", evaluation.total_samples},
               {"scorers", digest.ScorersWithVersions()},
               {"plan", WithoutTexts(input.plan)},
               {"summaries", Json::parse(SummariesToJson(evaluation.summaries), nullptr, false)},
               {"analysis", Json::parse(AnalysisToJson(evaluation.analysis), nullptr, false)}};
  json["scaling"] = Json::parse(ScalingToJson(evaluation.scaling), nullptr, false);
  json["candidates"] = json["tasks"] = json["economics"] = json["runs"] = Json::array();
  for (const std::string& name : digest.candidates()) {
    json["candidates"].push_back(CandidateJson(name, digest));
  }
  for (const TaskResult& task : digest.Tasks()) json["tasks"].push_back(TaskJson(task));
  for (const ReportFigure& figure : input.economics) {
    json["economics"].push_back(FigureJson(figure));
  }
  for (const RunLink& run : evaluation.runs) {
    json["runs"].push_back({{"model", run.model}, {"run_id", run.run_id}, {"url", run.url}});
  }
  json["judgments"] = JudgmentsJson(input);
  return DumpJson(json);
}

std::string JudgmentsExport(const ReportInput& input) { return DumpJson(JudgmentsJson(input)); }

}  // namespace assay::evaluator
