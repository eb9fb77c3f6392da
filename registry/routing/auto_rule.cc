// The auto rule: chooses the best model by its evaluations.
#include "registry/routing/auto_rule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "registry/routing/auto_choice.h"
#include "registry/routing/request_hash.h"

namespace assay::registry {
namespace {

constexpr double kMib = 1024.0 * 1024.0;
// The maximum number of candidates in a reason. The dry run lists all of them.
constexpr size_t kMaxNotedCandidates = 8;

bool HasInterval(const Evidence& evidence) { return evidence.ci_low && evidence.ci_high; }

std::string Quality(const Evidence& evidence) {
  if (!evidence.ci_low || !evidence.ci_high) {
    return absl::StrFormat("%.2f, no interval", evidence.mean);
  }
  return absl::StrFormat("%.2f [%.2f, %.2f] over %d samples", evidence.mean, *evidence.ci_low,
                         *evidence.ci_high, evidence.samples);
}

// The properties that two means must share to be comparable.
struct Basis {
  std::string scorer_version;
  std::string workload_fingerprint;

  bool Matches(const Evidence& evidence) const {
    return evidence.scorer_version == scorer_version &&
           evidence.workload_fingerprint == workload_fingerprint;
  }
};

// Orders evidence by time. Evidence with too few samples counts as older than any other, so that a
// quick evaluation of a model does not replace its evidence.
bool IsOlder(const Evidence& a, const Evidence& b, const AutoLimits& limits) {
  const auto rank = [&](const Evidence& evidence) {
    return std::pair(evidence.samples >= limits.min_samples, evidence.finished_at);
  };
  return rank(a) < rank(b);
}

// Returns all evidence of the deployed revision by the scorer of the limits. Sets `why` if there is
// none.
std::vector<Evidence> Deployed(const ModelEntry& entry, const AutoLimits& limits,
                               const EvidenceSource& source, const std::vector<Evidence>& evaluated,
                               std::string* why) {
  const std::string revision = source.RevisionOf(entry);
  std::vector<Evidence> deployed;
  bool other_revision = false;
  for (const Evidence& evidence : evaluated) {
    if (evidence.model != entry.id) continue;
    if (evidence.scorer != limits.scorer) continue;
    if (revision.empty() || evidence.revision != revision) {
      other_revision = true;
      continue;
    }
    deployed.push_back(evidence);
  }
  if (deployed.empty()) *why = other_revision ? "evaluated at another revision" : "not evaluated";
  return deployed;
}

// Returns the newest evidence that matches the basis; without one, the newest of all.
std::optional<Evidence> Newest(const std::vector<Evidence>& deployed, const AutoLimits& limits,
                               const Basis& basis) {
  const auto newest =
      std::max_element(deployed.begin(), deployed.end(), [&](const Evidence& a, const Evidence& b) {
        if (basis.Matches(a) != basis.Matches(b)) return basis.Matches(b);
        return IsOlder(a, b, limits);
      });
  if (newest == deployed.end()) return std::nullopt;
  return *newest;
}

// Returns why the evidence is insufficient; empty if it is sufficient.
std::string InsufficiencyOf(const Evidence& evidence, const AutoLimits& limits,
                            const Basis& basis) {
  if (evidence.samples < limits.min_samples) {
    return absl::StrFormat("%d samples of %d", evidence.samples, limits.min_samples);
  }
  if (evidence.prompts->empty()) return "its evaluation has no results by prompt";
  if (!HasInterval(evidence)) return "its mean has no interval: one prompt";
  if (evidence.scorer_version != basis.scorer_version) {
    return absl::StrCat("scored by ", evidence.scorer, " ", evidence.scorer_version, ", others by ",
                        basis.scorer_version);
  }
  return basis.Matches(evidence) ? "" : "evaluated on other prompts or settings";
}

// Returns the limit that the model exceeds; empty if there is none.
std::string ExceededLimit(const Evidence& evidence, const AutoLimits& limits) {
  constexpr double kPercent = 100;
  if (evidence.success_rate < limits.min_success_rate) {
    return absl::StrFormat("%.3g %% of its generations succeeded, of %.3g %%",
                           kPercent * evidence.success_rate, kPercent * limits.min_success_rate);
  }
  if (evidence.latency_p90 > limits.max_latency) {
    return absl::StrFormat("p90 latency %.2f s over %.2f s",
                           absl::ToDoubleSeconds(evidence.latency_p90),
                           absl::ToDoubleSeconds(limits.max_latency));
  }
  if (limits.max_cost_usd > 0 && evidence.cost_usd > limits.max_cost_usd) {
    return absl::StrFormat("$%g per request over $%g", evidence.cost_usd, limits.max_cost_usd);
  }
  if (limits.max_memory_bytes > 0 && evidence.resident_bytes > limits.max_memory_bytes) {
    return absl::StrFormat("%.0f MiB over %.0f MiB",
                           static_cast<double>(evidence.resident_bytes) / kMib,
                           static_cast<double>(limits.max_memory_bytes) / kMib);
  }
  return "";
}

// Returns the basis of the newest evidence of all models.
Basis NewestBasis(const std::vector<std::vector<Evidence>>& deployed, const AutoLimits& limits) {
  const Evidence* newest = nullptr;
  for (const std::vector<Evidence>& of_model : deployed) {
    for (const Evidence& evidence : of_model) {
      if (newest == nullptr || IsOlder(*newest, evidence, limits)) newest = &evidence;
    }
  }
  if (newest == nullptr) return {};
  return {.scorer_version = newest->scorer_version,
          .workload_fingerprint = newest->workload_fingerprint};
}

// Excludes candidates that are down, regardless of their evidence.
void ExcludeDown(std::vector<Candidate>& candidates,
                 const std::function<bool(std::string_view)>& down) {
  if (!down) return;
  for (Candidate& candidate : candidates) {
    if (!down(candidate.model)) continue;
    candidate.eligibility = Eligibility::kUnfit;
    candidate.note = "down";
  }
}

// The candidates of a policy, and the evidence of each.
struct Field {
  std::vector<Candidate> candidates;
  std::vector<std::vector<Evidence>> deployed;
};

Field Candidates(const Catalog& catalog, const RoutePolicy& policy, const EvidenceSource* source) {
  const std::vector<Evidence> evaluated =
      source == nullptr ? std::vector<Evidence>() : source->For(policy.content_type);
  Field field;
  auto& [candidates, deployed] = field;
  for (const std::string& id : policy.models.empty() ? catalog.OwnIds() : policy.models) {
    const ModelEntry* entry = catalog.Find(id);
    if (entry == nullptr) continue;
    Candidate candidate{
        .model = id, .note = "not evaluated", .eligibility = Eligibility::kUnproven};
    deployed.emplace_back();
    if (source != nullptr) {
      deployed.back() = Deployed(*entry, policy.limits, *source, evaluated, &candidate.note);
    }
    candidates.push_back(std::move(candidate));
  }
  const Basis basis = NewestBasis(deployed, policy.limits);
  for (size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    candidate.evidence = Newest(deployed[i], policy.limits, basis);
    if (!candidate.evidence.has_value()) continue;
    candidate.note = ExceededLimit(*candidate.evidence, policy.limits);
    candidate.eligibility = Eligibility::kUnfit;
    if (!candidate.note.empty()) continue;
    candidate.note = InsufficiencyOf(*candidate.evidence, policy.limits, basis);
    candidate.eligibility = candidate.note.empty() ? Eligibility::kGood : Eligibility::kUnproven;
  }
  return field;
}

// Returns the evidence of a candidate, or empty evidence if it has none.
const Evidence& EvidenceOf(const Candidate& candidate) {
  static const Evidence none;
  return candidate.evidence.has_value() ? *candidate.evidence : none;
}

EvidenceAge AgeOf(const EvidenceSource* source) {
  if (source == nullptr) return {};
  return {.now = source->Now(), .max_age = source->MaxAge()};
}

std::string Counted(int64_t count, std::string_view unit) {
  return absl::StrCat(count, " ", std::string(unit), count == 1 ? "" : "s");
}

// Returns "12 days", hours below two days, or "under an hour".
std::string AgeText(absl::Duration age) {
  const int64_t hours = std::max<int64_t>(0, absl::ToInt64Hours(age));
  constexpr int64_t kHoursPerDay = 24;
  if (hours == 0) return "under an hour";
  return hours < 2 * kHoursPerDay ? Counted(hours, "hour") : Counted(hours / kHoursPerDay, "day");
}

std::string OldText(const Evidence& newest, const EvidenceAge& age) {
  return absl::StrCat("evidence of ",
                      absl::FormatTime("%Y-%m-%d", newest.finished_at, absl::UTCTimeZone()),
                      " is older than ", AgeText(age.max_age), "; evaluate again");
}

struct Chosen {
  Candidate* candidate;
  ChoiceReason reason;
  // AutoChoice's.
  double expected_score;
  double mean_score;
  // True if all evidence for it is old.
  bool is_old = false;
};

// Chooses among the good candidates and sets their notes. `deployed` has the evidence of each
// candidate. Returns nullopt if no candidate is good.
std::optional<Chosen> ChooseGood(std::vector<Candidate>& candidates,
                                 const std::vector<std::vector<Evidence>>& deployed,
                                 const AutoLimits& limits, const EvidenceAge& age) {
  std::vector<Candidate*> good;
  std::vector<ProvenModel> models;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].eligibility != Eligibility::kGood) continue;
    const Evidence& newest = EvidenceOf(candidates[i]);
    const Basis basis{.scorer_version = newest.scorer_version,
                      .workload_fingerprint = newest.workload_fingerprint};
    ProvenModel model{.id = candidates[i].model};
    for (const Evidence& evidence : deployed[i]) {
      if (InsufficiencyOf(evidence, limits, basis).empty()) model.evaluations.push_back(evidence);
    }
    std::sort(model.evaluations.begin(), model.evaluations.end(),
              [](const Evidence& a, const Evidence& b) { return a.finished_at < b.finished_at; });
    models.push_back(std::move(model));
    good.push_back(&candidates[i]);
  }
  if (good.empty()) return std::nullopt;
  const AutoChoice choice = ChooseProven(models, limits, age);
  for (size_t i = 0; i < good.size(); ++i) {
    good[i]->note = choice.notes[i];
    if (choice.is_worse[i]) good[i]->eligibility = Eligibility::kWorse;
    if (!choice.is_old[i]) continue;
    good[i]->eligibility = Eligibility::kUnproven;
    good[i]->note = OldText(models[i].evaluations.back(), age);
  }
  return Chosen{.candidate = good[choice.chosen],
                .reason = choice.reason,
                .expected_score = choice.expected_score,
                .mean_score = choice.mean_score,
                .is_old = choice.is_old[choice.chosen]};
}

// Returns the notes of all candidates except `excluded`, for a reason.
std::string NotesOfOthers(const std::vector<Candidate>& candidates, std::string_view excluded) {
  std::vector<std::string> notes;
  for (const Candidate& candidate : candidates) {
    if (candidate.model == excluded) continue;
    if (notes.size() == kMaxNotedCandidates) {
      notes.emplace_back("...");
      break;
    }
    notes.push_back(absl::StrCat(candidate.model, ": ", candidate.note));
  }
  return notes.empty() ? "" : absl::StrCat("; ", absl::StrJoin(notes, "; "));
}

// Returns a random candidate that exceeds no limit, or nullopt if all do.
std::optional<RouteDecision> Explore(const RoutePolicy& policy, const RouteDecision& chosen,
                                     std::string_view seed) {
  std::vector<const Candidate*> eligible;
  for (const Candidate& candidate : chosen.candidates) {
    if (candidate.eligibility != Eligibility::kUnfit) eligible.push_back(&candidate);
  }
  if (eligible.empty()) return std::nullopt;
  const double position = UnitHash({seed, policy.content_type, "candidate"});
  const Candidate& explored =
      *eligible[static_cast<size_t>(position * static_cast<double>(eligible.size()))];
  RouteDecision decision = chosen;
  decision.model = explored.model;
  decision.rule = "explore";
  decision.reason = absl::StrFormat("one of the %.3g %% of '%s' that go to a random candidate",
                                    100 * policy.explore, policy.content_type);
  decision.evidence = explored.evidence;
  if (chosen.model != explored.model) decision.alternatives = {chosen.model};
  return decision;
}

const char* ReasonText(ChoiceReason reason) {
  switch (reason) {
    case ChoiceReason::kBestMean:
      return "best quality for '";
    case ChoiceReason::kCheaper:
      return "cheaper than the best for '";
    case ChoiceReason::kIncumbent:
      break;
  }
  return "had the route before and none is shown to be better for '";
}

// Says what to expect of a model that was chosen because it measured best.
std::string Expectation(const Chosen& chosen) {
  constexpr double kShown = 0.005;
  if (std::abs(chosen.expected_score - chosen.mean_score) < kShown) return "";
  return absl::StrFormat(" (expect %.2f: the best of several measured means is too high)",
                         chosen.expected_score);
}

RouteDecision Choose(const Catalog& catalog, const RoutePolicy& policy, Field field,
                     const EvidenceAge& age) {
  std::vector<Candidate>& candidates = field.candidates;
  const std::optional<Chosen> best = ChooseGood(candidates, field.deployed, policy.limits, age);
  RouteDecision decision{.rule = "auto"};
  if (!best.has_value()) {
    decision.model = policy.otherwise.empty() ? catalog.default_model : policy.otherwise;
    if (catalog.Find(decision.model) == nullptr) decision.model = candidates.front().model;
    decision.reason =
        absl::StrCat("no evaluation of '", policy.content_type, "' suffices, so '", decision.model,
                     "' until one does", NotesOfOthers(candidates, ""));
  } else {
    const Evidence& chosen = EvidenceOf(*best->candidate);
    decision.model = chosen.model;
    decision.evidence = chosen;
    decision.is_evidence_old = best->is_old;
    decision.reason = absl::StrCat(
        best->is_old ? absl::StrCat("keeps the route, but its ", best->candidate->note, ": ") : "",
        ReasonText(best->reason), policy.content_type, "' by evaluation ", chosen.evaluation_id,
        ", ", AgeText(age.now - chosen.finished_at), " old: ", Quality(chosen), Expectation(*best),
        NotesOfOthers(candidates, chosen.model));
  }
  decision.candidates = std::move(candidates);
  return decision;
}

}  // namespace

RouteDecision ChooseByEvidence(const Catalog& catalog, const RoutePolicy& policy,
                               const EvidenceSource* evidence, std::string_view seed,
                               const std::function<bool(std::string_view)>& down) {
  Field field = Candidates(catalog, policy, evidence);
  if (field.candidates.empty()) return {};
  ExcludeDown(field.candidates, down);
  RouteDecision decision = Choose(catalog, policy, std::move(field), AgeOf(evidence));
  if (policy.explore > 0 && UnitHash({seed, policy.content_type, "explore"}) < policy.explore) {
    return Explore(policy, decision, seed).value_or(decision);
  }
  return decision;
}

}  // namespace assay::registry
