// Conversions of judgments to protobuf.
#include "server/wire/judging_proto.h"

#include <optional>

namespace assay::server {
namespace {

void Fill(const evaluator::RatedStatistic& statistic, assay::v1::RatedStatistic* out) {
  out->set_value(statistic.value);
  if (statistic.low.has_value()) out->set_ci_low(*statistic.low);
  if (statistic.high.has_value()) out->set_ci_high(*statistic.high);
}

void Fill(const evaluator::PairPreference& pair, assay::v1::JudgedPair* out) {
  out->set_judge(pair.judge);
  out->set_first(pair.first);
  out->set_second(pair.second);
  out->set_wins(pair.wins);
  out->set_losses(pair.losses);
  out->set_ties(pair.ties);
  out->set_prompts(pair.prompts);
  out->set_share(pair.share);
  out->set_ci_low(pair.low);
  out->set_ci_high(pair.high);
  out->set_p_value(pair.p_value);
  out->set_p_adjusted(pair.p_adjusted);
}

void Fill(const evaluator::JudgeRecord& record, assay::v1::JudgeRecord* out) {
  out->set_judge(record.judge);
  out->set_version(record.version);
  out->set_judgments(record.judgments);
  out->set_failures(record.failures);
  out->set_error(record.error);
  out->set_follows_first(record.follows_first);
  out->set_follows_second(record.follows_second);
  if (record.position_bias.has_value()) {
    out->set_position_bias(record.position_bias->value);
    out->set_bias_low(record.position_bias->low.value_or(0));
    out->set_bias_high(record.position_bias->high.value_or(1));
  }
  out->set_cost_usd(record.cost_usd);
  out->set_cost_complete(record.cost_complete);
  out->set_people_pairs(record.people_pairs);
  if (record.people_agreement.has_value()) {
    Fill(*record.people_agreement, out->mutable_people_agreement());
  }
}

}  // namespace

void ToProto(const evaluator::JudgingProgress& progress, assay::v1::JudgingProgress* out) {
  out->set_finished(progress.finished);
  out->set_total(progress.total);
  out->set_judge(progress.judge);
  out->set_cost_usd(progress.spent_usd);
}

void ToProto(const evaluator::JudgmentSummary& summary, const evaluator::JudgingProgress& call,
             assay::v1::JudgingSummary* out) {
  for (const evaluator::PairPreference& pair : summary.pairs) Fill(pair, out->add_pairs());
  for (const evaluator::JudgeRecord& record : summary.judges) Fill(record, out->add_judges());
  if (summary.agreement.has_value()) Fill(*summary.agreement, out->mutable_agreement());
  out->set_agreement_units(summary.agreement_units);
  for (const std::string& warning : summary.warnings) out->add_warnings(warning);
  out->set_cost_usd(summary.cost_usd);
  out->set_asked(call.asked);
  out->set_cached(call.cached);
  out->set_spent_usd(call.spent_usd);
}

}  // namespace assay::server
