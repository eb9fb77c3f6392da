// Conversion of records to and from JSON.
#include "evaluator/records/records_json.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "evaluator/records/json_types.h"

namespace assay::evaluator {

// nlohmann's macros find these functions by argument-dependent lookup, so they must not be in the
// anonymous namespace.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MemoryUse, before_bytes, after_bytes, peak_bytes,
                                                device_bytes, kv_cache_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Estimate, n, samples, mean, standard_deviation, ci_low, ci_high,
                                   p50, p90)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Summary, model, content_type, samples, failures, success_rate,
                                   quality_score, latency_ms, first_token_ms, tokens_per_second,
                                   queue_ms, prefill_ms, inter_token_p50_ms, inter_token_p90_ms,
                                   inter_token_p99_ms, energy_joules, cost_usd, roi_per_piece,
                                   memory, load_seconds, revision, resident_bytes, scorer,
                                   scorer_version)
NLOHMANN_JSON_SERIALIZE_ENUM(PairedStatus, {{PairedStatus::kInsufficientPairs, "insufficient"},
                                            {PairedStatus::kFewPairs, "few"},
                                            {PairedStatus::kOk, "ok"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Verdict, {{Verdict::kTooFewPairs, "too_few_pairs"},
                                       {Verdict::kNoDifferenceShown, "no_difference_shown"},
                                       {Verdict::kBetter, "better"},
                                       {Verdict::kWorse, "worse"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PairedResult, status, n_paired, method,
                                                baseline_mean, candidate_mean, diff, ci_low,
                                                ci_high, ci_method, p_value, t_test_p_value,
                                                effect_size, ties, n_nonzero)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Comparison, content_type, baseline, candidate,
                                                metric, greater_is_better, result, min_pairs,
                                                p_adjusted, verdict, unpaired, pairs_needed,
                                                detectable_difference, power_alpha)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(RankedCandidate, name, n, clusters, mean, ci_low,
                                                ci_high, rank, letters, lower_than_first, n_common)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Ranking, content_type, candidates)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MemoryTrend, model, n, slope, ci_low, ci_high,
                                                leaks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(EvaluationCost, compute_seconds, joules, usd,
                                                energy_source)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(EarlyStop, looks, look, prompts, planned_prompts,
                                                reason, saved_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Analysis, baseline, alpha, correction, failures,
                                                comparisons, rankings, memory, decisions, cost,
                                                early_stop)
NLOHMANN_JSON_SERIALIZE_ENUM(ScalingKind, {{ScalingKind::kConcurrency, "concurrency"},
                                           {ScalingKind::kResidents, "residents"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ScalingPoint, kind, model, level, requests,
                                                failures, tokens_per_second, latency_p50_ms,
                                                latency_p90_ms, first_token_p50_ms,
                                                first_token_p90_ms, resident_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SampleScore, scorer, version, overall, parts, error)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Energy, joules, source)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TaskAnswer, model, task, item_id, error, revision,
                                                log_likelihoods, tokens, chosen, correct,
                                                chosen_by_length, correct_by_length, busy_seconds,
                                                energy)

namespace {

using Json = nlohmann::json;

// The JSON key of Summary::workload_fingerprint in existing run stores.
constexpr char kWorkloadFingerprintKey[] = "asked";

// A single value has no confidence interval. Older versions wrote the value itself as both ends.
void DropIntervalOfOne(Json& estimate) {
  if (estimate.value("n", 0) < 2) estimate["ci_low"] = estimate["ci_high"] = nullptr;
}

void Cut(const Bounds& bounds, std::optional<double>* low, std::optional<double>* high) {
  if (*low) *low = std::clamp(**low, bounds.low, bounds.high);
  if (*high) *high = std::clamp(**high, bounds.low, bounds.high);
}

// Older versions wrote t intervals that may leave the bounds of the quantity.
void CutIntervals(Summary* summary) {
  Cut(kScoreBounds, &summary->quality_score.ci_low, &summary->quality_score.ci_high);
  for (Estimate* estimate :
       {&summary->latency_ms, &summary->first_token_ms, &summary->tokens_per_second,
        &summary->queue_ms, &summary->prefill_ms, &summary->inter_token_p50_ms,
        &summary->inter_token_p90_ms, &summary->inter_token_p99_ms, &summary->energy_joules,
        &summary->cost_usd}) {
    Cut(kNotNegative, &estimate->ci_low, &estimate->ci_high);
  }
}

// Older versions treated every sample as independent and wrote no "samples".
void ReadEstimates(Json& summary) {
  for (Json& value : summary) {
    if (!value.is_object() || !value.contains("standard_deviation")) continue;
    if (!value.contains("samples")) value["samples"] = value.value("n", 0);
    DropIntervalOfOne(value);
  }
}

// Summaries of older versions lack some fields.
std::vector<Summary> ReadSummaries(const Json& json) {
  std::vector<Summary> summaries;
  for (Json summary : json) {
    if (summary.is_object()) {
      ReadEstimates(summary);
      summary.emplace("revision", "");
      summary.emplace("resident_bytes", 0);
      summary.emplace("scorer", "");
      summary.emplace("scorer_version", "");
      for (const char* name : {"queue_ms", "prefill_ms", "inter_token_p50_ms", "inter_token_p90_ms",
                               "inter_token_p99_ms", "energy_joules"}) {
        summary.emplace(name, Estimate());
      }
    }
    summaries.push_back(summary.get<Summary>());
    CutIntervals(&summaries.back());
    summaries.back().workload_fingerprint = summary.value(kWorkloadFingerprintKey, std::string());
  }
  return summaries;
}

Analysis ReadAnalysis(const Json& json) {
  Analysis analysis = json.get<Analysis>();
  for (Ranking& ranking : analysis.rankings) {
    for (RankedCandidate& candidate : ranking.candidates) {
      // See DropIntervalOfOne().
      if (candidate.n < 2) candidate.ci_low = candidate.ci_high = std::nullopt;
      Cut(kScoreBounds, &candidate.ci_low, &candidate.ci_high);
    }
  }
  return analysis;
}

// Samples of older versions have no detail; their fields keep the defaults.
Sample ReadDetail(const Json& json) {
  Sample sample;
  sample.scores = json.value("scores", sample.scores);
  sample.energy = json.value("energy", sample.energy);
  sample.revision = json.value("revision", sample.revision);
  sample.system = json.value("system", sample.system);
  sample.seed = json.value("seed", sample.seed);
  sample.memory.device_bytes = json.value("device_bytes", int64_t{0});
  sample.memory.kv_cache_bytes = json.value("kv_cache_bytes", int64_t{0});
  Generation& generation = sample.generation;
  generation.cached_tokens = json.value("cached_tokens", 0);
  generation.load_ms = json.value("load_ms", 0.0);
  generation.inter_token_p50_ms = json.value("inter_token_p50_ms", 0.0);
  generation.inter_token_p90_ms = json.value("inter_token_p90_ms", 0.0);
  generation.inter_token_p99_ms = json.value("inter_token_p99_ms", 0.0);
  sample.finished_at = json.value("finished_at_us", absl::UnixEpoch());
  return sample;
}

}  // namespace

std::string SummariesToJson(const std::vector<Summary>& summaries) {
  Json rows = Json::array();
  for (const Summary& summary : summaries) {
    Json row = summary;
    row[kWorkloadFingerprintKey] = summary.workload_fingerprint;
    rows.push_back(std::move(row));
  }
  return DumpJson(rows);
}

std::string AnalysisToJson(const Analysis& analysis) { return DumpJson(Json(analysis)); }

std::string ScalingToJson(const std::vector<ScalingPoint>& points) {
  return DumpJson(Json(points));
}

std::string NamesToJson(const std::map<std::string, std::string>& names) {
  return DumpJson(Json(names));
}

std::string TaskAnswerToJson(const TaskAnswer& answer) { return DumpJson(Json(answer)); }

std::string SampleDetailToJson(const Sample& sample) {
  return DumpJson({{"scores", sample.scores},
                   {"energy", sample.energy},
                   {"revision", sample.revision},
                   {"system", sample.system},
                   {"seed", sample.seed},
                   {"device_bytes", sample.memory.device_bytes},
                   {"kv_cache_bytes", sample.memory.kv_cache_bytes},
                   {"cached_tokens", sample.generation.cached_tokens},
                   {"load_ms", sample.generation.load_ms},
                   {"inter_token_p50_ms", sample.generation.inter_token_p50_ms},
                   {"inter_token_p90_ms", sample.generation.inter_token_p90_ms},
                   {"inter_token_p99_ms", sample.generation.inter_token_p99_ms},
                   {"finished_at_us", sample.finished_at}});
}

absl::StatusOr<std::vector<Summary>> SummariesFromJson(std::string_view text) {
  return ParseJson<std::vector<Summary>>(text, ReadSummaries);
}

absl::StatusOr<Analysis> AnalysisFromJson(std::string_view text) {
  return ParseJson<Analysis>(text, ReadAnalysis);
}

absl::StatusOr<std::vector<ScalingPoint>> ScalingFromJson(std::string_view text) {
  return ParseJson<std::vector<ScalingPoint>>(
      text, [](const Json& json) { return json.get<std::vector<ScalingPoint>>(); });
}

absl::StatusOr<std::map<std::string, std::string>> NamesFromJson(std::string_view text) {
  return ParseJson<std::map<std::string, std::string>>(
      text, [](const Json& json) { return json.get<std::map<std::string, std::string>>(); });
}

absl::StatusOr<TaskAnswer> TaskAnswerFromJson(std::string_view text) {
  return ParseJson<TaskAnswer>(text, [](const Json& json) { return json.get<TaskAnswer>(); });
}

absl::Status ReadSampleDetail(std::string_view text, Sample* sample) {
  ASSIGN_OR_RETURN(Sample detail, ParseJson<Sample>(text, ReadDetail));
  sample->scores = std::move(detail.scores);
  sample->energy = std::move(detail.energy);
  sample->revision = std::move(detail.revision);
  sample->system = std::move(detail.system);
  sample->seed = detail.seed;
  sample->memory.device_bytes = detail.memory.device_bytes;
  sample->memory.kv_cache_bytes = detail.memory.kv_cache_bytes;
  sample->generation.cached_tokens = detail.generation.cached_tokens;
  sample->generation.load_ms = detail.generation.load_ms;
  sample->generation.inter_token_p50_ms = detail.generation.inter_token_p50_ms;
  sample->generation.inter_token_p90_ms = detail.generation.inter_token_p90_ms;
  sample->generation.inter_token_p99_ms = detail.generation.inter_token_p99_ms;
  sample->finished_at = detail.finished_at;
  return absl::OkStatus();
}

}  // namespace assay::evaluator
