// The comparison of the arms of a weighted route as messages.
#include "server/wire/arms_proto.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "registry/routing/arm_comparison.h"

namespace assay::server {
namespace {

constexpr double kMaxAlpha = 0.5;
constexpr double kMaxRating = 10;
constexpr double kMaxUsd = 1e9;

absl::Status ReadRule(const char* field, double given, double max, double* rule) {
  if (given == 0) return absl::OkStatus();
  if (!std::isfinite(given) || given < 0 || given > max) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": ", given, " is out of range; give 0 (default) to ", max));
  }
  *rule = given;
  return absl::OkStatus();
}

struct Measure {
  registry::ArmMeasure rules;
  evaluator::UnitSums evaluator::ArmTotals::* sums;
};

std::vector<Measure> Measures(const ArmRules& rules) {
  return {{{.name = "acceptance", .low = 0, .high = 1, .margin = rules.acceptance_margin},
           &evaluator::ArmTotals::acceptance},
          {{.name = "rating",
            .unit = "points",
            .low = 0,
            .high = kMaxRating,
            .margin = rules.rating_margin},
           &evaluator::ArmTotals::rating},
          {{.name = "value", .unit = "USD per answer", .margin = rules.value_margin},
           &evaluator::ArmTotals::value}};
}

registry::ArmValues ToValues(const evaluator::UnitSums& sums) {
  return {.n = sums.n, .sum = sums.sum, .squares = sums.squares};
}

evaluator::ArmTotals TotalsOf(const std::vector<evaluator::ArmTotals>& all,
                              const std::string& model) {
  for (const evaluator::ArmTotals& totals : all) {
    if (totals.model == model) return totals;
  }
  return {.model = model};
}

// False if there is nothing to compare: no units, or no conversion in any of them.
bool HasValues(const std::vector<evaluator::ArmTotals>& totals, const Measure& measure) {
  const bool is_bounded = measure.rules.high > measure.rules.low;
  return std::any_of(totals.begin(), totals.end(), [&](const evaluator::ArmTotals& one) {
    const evaluator::UnitSums& sums = one.*measure.sums;
    return is_bounded ? sums.n > 0 : sums.squares > 0;
  });
}

assay::v1::ArmVerdict ToProto(registry::ArmVerdict verdict) {
  switch (verdict) {
    case registry::ArmVerdict::kBetter:
      return assay::v1::ARM_VERDICT_BETTER;
    case registry::ArmVerdict::kWorse:
      return assay::v1::ARM_VERDICT_WORSE;
    case registry::ArmVerdict::kNoDifference:
      return assay::v1::ARM_VERDICT_NO_DIFFERENCE;
    case registry::ArmVerdict::kKeepGoing:
      break;
  }
  return assay::v1::ARM_VERDICT_KEEP_GOING;
}

void FillArm(const evaluator::ArmTotals& totals, double weight, assay::v1::Arm* out) {
  out->set_model(totals.model);
  out->set_weight(weight);
  out->set_answers(totals.answers);
  out->set_revisions(totals.revisions);
  out->set_acceptance_n(totals.acceptance.n);
  if (totals.acceptance.n > 0) out->set_acceptance(ToValues(totals.acceptance).Mean());
  out->set_rating_n(totals.rating.n);
  if (totals.rating.n > 0) out->set_rating(ToValues(totals.rating).Mean());
  out->set_value_n(totals.value.n);
  if (totals.value.n > 0) out->set_value_usd(ToValues(totals.value).Mean());
}

void AddNotes(const registry::RoutePolicy& policy, const std::vector<evaluator::ArmTotals>& totals,
              assay::v1::CompareArmsResponse* out) {
  for (const evaluator::ArmTotals& one : totals) {
    if (std::find(policy.models.begin(), policy.models.end(), one.model) == policy.models.end()) {
      out->add_notes(absl::StrCat("'", one.model, "' answered ", one.answers,
                                  " requests of this route before and is no arm now"));
    } else if (one.revisions > 1) {
      out->add_notes(absl::StrCat("'", one.model, "' answered with ", one.revisions,
                                  " revisions; their feedback is pooled"));
    }
  }
}

}  // namespace

absl::StatusOr<ArmRules> ToRules(const assay::v1::CompareArmsRequest& request) {
  ArmRules rules;
  if (request.content_type().empty()) {
    return absl::InvalidArgumentError("content_type: is empty; name one with a weighted route");
  }
  RETURN_IF_ERROR(ReadRule("alpha", request.alpha(), kMaxAlpha, &rules.alpha));
  RETURN_IF_ERROR(
      ReadRule("acceptance_margin", request.acceptance_margin(), 1, &rules.acceptance_margin));
  RETURN_IF_ERROR(
      ReadRule("rating_margin", request.rating_margin(), kMaxRating, &rules.rating_margin));
  RETURN_IF_ERROR(ReadRule("value_margin", request.value_margin(), kMaxUsd, &rules.value_margin));
  return rules;
}

absl::StatusOr<registry::RoutePolicy> FindWeighted(
    const std::vector<registry::RouteTable::Route>& routes, const std::string& content_type) {
  for (const registry::RouteTable::Route& route : routes) {
    if (route.policy.content_type != content_type) continue;
    if (route.policy.rule == registry::RouteRule::kWeighted) return route.policy;
    return absl::FailedPreconditionError(
        absl::StrCat("content_type: the route of '", content_type, "' is ",
                     std::string(registry::RouteRuleName(route.policy.rule)),
                     ", not weighted; only a weighted route has arms to compare"));
  }
  return absl::NotFoundError(absl::StrCat("content_type: '", content_type,
                                          "' has no route; `assay routes` lists the routes"));
}

void FillArms(const registry::RoutePolicy& policy, const std::vector<evaluator::ArmTotals>& totals,
              const ArmRules& rules, assay::v1::CompareArmsResponse* out) {
  const double all_weights = std::accumulate(policy.weights.begin(), policy.weights.end(), 0.0);
  for (size_t i = 0; i < policy.models.size(); ++i) {
    FillArm(TotalsOf(totals, policy.models[i]), policy.weights[i] / all_weights, out->add_arms());
  }
  AddNotes(policy, totals, out);
  if (policy.models.size() < 2) return;
  const evaluator::ArmTotals baseline = TotalsOf(totals, policy.models.front());
  const double alpha = rules.alpha / static_cast<double>(policy.models.size() - 1);
  for (const Measure& measure : Measures(rules)) {
    if (!HasValues(totals, measure)) continue;
    for (size_t i = 1; i < policy.models.size(); ++i) {
      const evaluator::ArmTotals arm = TotalsOf(totals, policy.models[i]);
      const registry::ArmDifference difference =
          registry::CompareArm(arm.model, ToValues(arm.*measure.sums), baseline.model,
                               ToValues(baseline.*measure.sums), measure.rules, alpha);
      assay::v1::ArmComparison* added = out->add_comparisons();
      added->set_measure(measure.rules.name);
      added->set_model(arm.model);
      if ((arm.*measure.sums).n > 0 && (baseline.*measure.sums).n > 0) {
        added->set_difference(difference.mean);
      }
      if (difference.low) added->set_ci_low(*difference.low);
      if (difference.high) added->set_ci_high(*difference.high);
      added->set_verdict(ToProto(difference.verdict));
      added->set_decision(difference.decision);
    }
  }
}

}  // namespace assay::server
