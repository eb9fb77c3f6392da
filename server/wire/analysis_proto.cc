// Converts the evaluator's analysis to messages.
#include "server/wire/analysis_proto.h"

#include <string>

#include "evaluator/analysis/early_stop.h"
#include "evaluator/records/too_few.h"

namespace assay::server {
namespace {

assay::v1::Verdict VerdictToProto(evaluator::Verdict verdict) {
  switch (verdict) {
    case evaluator::Verdict::kBetter:
      return assay::v1::VERDICT_BETTER;
    case evaluator::Verdict::kWorse:
      return assay::v1::VERDICT_WORSE;
    case evaluator::Verdict::kNoDifferenceShown:
      return assay::v1::VERDICT_NO_DIFFERENCE_SHOWN;
    case evaluator::Verdict::kTooFewPairs:
      return assay::v1::VERDICT_TOO_FEW_PAIRS;
  }
  return assay::v1::VERDICT_UNSPECIFIED;
}

assay::v1::GateOutcome OutcomeToProto(evaluator::GateOutcome outcome) {
  switch (outcome) {
    case evaluator::GateOutcome::kPass:
      return assay::v1::GATE_OUTCOME_PASS;
    case evaluator::GateOutcome::kUndecided:
      return assay::v1::GATE_OUTCOME_UNDECIDED;
    case evaluator::GateOutcome::kFail:
      break;
  }
  return assay::v1::GATE_OUTCOME_FAIL;
}

assay::v1::Correction CorrectionToProto(const std::string& name) {
  if (name == "benjamini_hochberg") return assay::v1::CORRECTION_BENJAMINI_HOCHBERG;
  if (name == "none") return assay::v1::CORRECTION_NONE;
  return assay::v1::CORRECTION_HOLM;
}

void ToProto(const evaluator::Ranking& ranking, assay::v1::Ranking* out) {
  out->set_content_type(ranking.content_type);
  for (const evaluator::RankedCandidate& candidate : ranking.candidates) {
    assay::v1::RankedCandidate* ranked = out->add_candidates();
    ranked->set_name(candidate.name);
    ranked->set_n(candidate.n);
    ranked->set_mean(candidate.mean);
    if (candidate.ci_low) ranked->set_ci_low(*candidate.ci_low);
    if (candidate.ci_high) ranked->set_ci_high(*candidate.ci_high);
    ranked->set_rank(candidate.rank);
    ranked->set_letters(candidate.letters);
    ranked->set_clusters(candidate.clusters);
    ranked->set_too_few(evaluator::TooFewPrompts(candidate));
  }
}

void ToProto(const evaluator::MemoryTrend& trend, assay::v1::MemoryTrend* out) {
  out->set_model(trend.model);
  out->set_n(trend.n);
  out->set_slope(trend.slope);
  out->set_ci_low(trend.ci_low);
  out->set_ci_high(trend.ci_high);
  out->set_leaks(trend.leaks);
}

void ToProto(const evaluator::EarlyStop& stop, assay::v1::EarlyStop* out) {
  out->set_looks(stop.looks);
  out->set_look(stop.look);
  out->set_prompts(stop.prompts);
  out->set_planned_prompts(stop.planned_prompts);
  out->set_reason(stop.reason);
  out->set_saved_seconds(stop.saved_seconds);
  out->set_text(evaluator::EarlyStopText(stop));
}

}  // namespace

void ToProto(const evaluator::Comparison& comparison, assay::v1::Comparison* out) {
  const evaluator::PairedResult& result = comparison.result;
  out->set_content_type(comparison.content_type);
  out->set_baseline(comparison.baseline);
  out->set_candidate(comparison.candidate);
  out->set_metric(comparison.metric);
  out->set_greater_is_better(comparison.greater_is_better);
  out->set_n_paired(result.n_paired);
  out->set_min_pairs(comparison.min_pairs);
  out->set_method(result.method);
  out->set_baseline_mean(result.baseline_mean);
  out->set_candidate_mean(result.candidate_mean);
  out->set_diff(result.diff);
  out->set_ci_low(result.ci_low);
  out->set_ci_high(result.ci_high);
  out->set_ci_method(result.ci_method);
  out->set_p_value(result.p_value);
  out->set_p_adjusted(comparison.p_adjusted);
  out->set_t_test_p_value(result.t_test_p_value);
  out->set_effect_size(result.effect_size);
  out->set_verdict(VerdictToProto(comparison.verdict));
  for (const std::string& reason : comparison.unpaired) out->add_unpaired(reason);
  out->set_pairs_needed(comparison.pairs_needed);
  out->set_detectable_difference(comparison.detectable_difference);
  out->set_power_alpha(comparison.power_alpha);
  out->set_ties(result.ties);
  out->set_few_pairs(result.status == evaluator::PairedStatus::kFewPairs);
}

void ToProto(const evaluator::Advice& advice, assay::v1::Advice* out) {
  out->set_action(advice.action);
  out->set_certainty(advice.certainty);
  out->set_next(advice.next);
}

void ToProto(const evaluator::PromptDifference& difference, assay::v1::PromptDifference* out) {
  out->set_prompt_id(difference.prompt_id);
  out->set_content_type(difference.content_type);
  out->set_candidate(difference.candidate);
  out->set_baseline_score(difference.baseline_score);
  out->set_candidate_score(difference.candidate_score);
  out->set_difference(difference.difference);
}

void ToProto(const evaluator::Analysis& analysis, assay::v1::Analysis* out) {
  out->set_baseline(analysis.baseline);
  out->set_alpha(analysis.alpha);
  out->set_correction(CorrectionToProto(analysis.correction));
  // Older versions did not record the policy, and left failed generations out.
  out->set_failures(analysis.failures == "zero" ? assay::v1::FAILURE_POLICY_ZERO
                                                : assay::v1::FAILURE_POLICY_LEAVE_OUT);
  for (const evaluator::Comparison& comparison : analysis.comparisons) {
    ToProto(comparison, out->add_comparisons());
  }
  for (const evaluator::Ranking& ranking : analysis.rankings) ToProto(ranking, out->add_rankings());
  for (const evaluator::MemoryTrend& trend : analysis.memory) ToProto(trend, out->add_memory());
  for (const std::string& decision : analysis.decisions) out->add_decisions(decision);
  if (analysis.early_stop.has_value()) ToProto(*analysis.early_stop, out->mutable_early_stop());
  if (const evaluator::Advice advice = Advise(analysis); !advice.action.empty()) {
    ToProto(advice, out->mutable_advice());
  }
}

void ToProto(const evaluator::Forecast& forecast, assay::v1::EvaluationForecast* out) {
  constexpr double kUnknown = -1;
  for (const evaluator::DetectableDifference& row : forecast.detectable) {
    assay::v1::DetectableDifference* detectable = out->add_detectable();
    detectable->set_content_type(row.content_type);
    detectable->set_prompts(row.prompts);
    detectable->set_deviation(row.deviation);
    if (row.difference.has_value()) detectable->set_difference(*row.difference);
    detectable->set_prompts_needed(row.prompts_needed);
  }
  out->set_samples(static_cast<int32_t>(forecast.samples));
  out->set_seconds(forecast.seconds.value_or(kUnknown));
  out->set_cost_usd(forecast.cost_usd.value_or(kUnknown));
  for (const std::string& sentence : forecast.basis) out->add_basis(sentence);
}

void ToProto(const evaluator::GateResult& result, assay::v1::GateResult* out) {
  out->set_passed(result.passed());
  out->set_reason(result.reason);
  out->set_outcome(OutcomeToProto(result.outcome));
  out->set_attempt(result.attempt);
  out->set_wrong_pass(result.wrong_pass);
  for (const evaluator::GateClauseResult& clause : result.clauses) {
    assay::v1::GateClause* row = out->add_clauses();
    row->set_text(clause.text);
    if (clause.value.has_value()) row->set_value(*clause.value);
    row->set_holds(clause.holds());
    row->set_outcome(OutcomeToProto(clause.outcome));
    if (clause.limit_low.has_value()) row->set_limit_low(*clause.limit_low);
    if (clause.limit_high.has_value()) row->set_limit_high(*clause.limit_high);
  }
}

void ToProto(const evaluator::ScalingPoint& point, assay::v1::ScalingPoint* out) {
  out->set_kind(point.kind == evaluator::ScalingKind::kConcurrency ? "concurrency" : "residents");
  out->set_model(point.model);
  out->set_level(point.level);
  out->set_requests(point.requests);
  out->set_failures(point.failures);
  out->set_tokens_per_second(point.tokens_per_second);
  out->set_latency_p50_ms(point.latency_p50_ms);
  out->set_latency_p90_ms(point.latency_p90_ms);
  out->set_first_token_p50_ms(point.first_token_p50_ms);
  out->set_first_token_p90_ms(point.first_token_p90_ms);
  out->set_resident_bytes(point.resident_bytes);
}

void ToProto(const evaluator::TaskAnswer& answer, assay::v1::TaskAnswer* out) {
  out->set_model(answer.model);
  out->set_task(answer.task);
  out->set_item_id(answer.item_id);
  out->set_error(answer.error);
  for (const double value : answer.log_likelihoods) out->add_log_likelihoods(value);
  for (const int64_t tokens : answer.tokens) out->add_tokens(tokens);
  out->set_chosen(answer.chosen);
  out->set_correct(answer.correct);
  out->set_chosen_by_length(answer.chosen_by_length);
  out->set_correct_by_length(answer.correct_by_length);
}

}  // namespace assay::server
