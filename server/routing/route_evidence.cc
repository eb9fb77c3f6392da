// Evaluations of the run store as evidence for routes.
#include "server/routing/route_evidence.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/plan/plan_json.h"

namespace assay::server {
namespace {

using registry::Evidence;

// The number of evaluations read at start. Older ones are usually of models and revisions that no
// longer exist.
constexpr int kMaxEvaluations = 10'000;
// The limits per content type: for one model, revision and scorer version, and for one model.
constexpr size_t kMaxPerRevision = 16;
constexpr size_t kMaxPerModel = 16 * kMaxPerRevision;

// Returns the model's entry in the ranking of the summary's content type, or nullptr in old
// evaluations. An evaluation of one content type has one ranking, without a content type.
const evaluator::RankedCandidate* FindRanked(const evaluator::Evaluation& evaluation,
                                             const evaluator::Summary& summary) {
  const std::vector<evaluator::Ranking>& rankings = evaluation.analysis.rankings;
  for (const evaluator::Ranking& ranking : rankings) {
    const bool covers_all = rankings.size() == 1 && ranking.content_type.empty();
    if (ranking.content_type != summary.content_type && !covers_all) continue;
    for (const evaluator::RankedCandidate& candidate : ranking.candidates) {
      if (candidate.name == summary.model) return &candidate;
    }
  }
  return nullptr;
}

Evidence ToEvidence(const evaluator::Evaluation& evaluation, const evaluator::Summary& summary) {
  Evidence evidence{.model = summary.model,
                    .revision = summary.revision,
                    .evaluation_id = evaluation.id,
                    .scorer = summary.scorer,
                    .scorer_version = summary.scorer_version,
                    .workload_fingerprint = summary.workload_fingerprint,
                    .samples = summary.quality_score.n,
                    .success_rate = summary.success_rate,
                    .mean = summary.quality_score.mean,
                    .ci_low = summary.quality_score.ci_low,
                    .ci_high = summary.quality_score.ci_high,
                    .latency_p90 = absl::Milliseconds(summary.latency_ms.p90),
                    .cost_usd = summary.cost_usd.mean,
                    .resident_bytes = summary.resident_bytes,
                    .finished_at = evaluation.finished_at};
  // A ranking counts a prompt with repeats once.
  if (const evaluator::RankedCandidate* ranked = FindRanked(evaluation, summary);
      ranked != nullptr) {
    evidence.samples = ranked->n;
    evidence.mean = ranked->mean;
    evidence.ci_low = ranked->ci_low;
    evidence.ci_high = ranked->ci_high;
  }
  return evidence;
}

// Returns the results of one candidate on one content type. A failed sample has no score.
std::shared_ptr<const registry::PromptResults> ResultsOf(
    const std::string& model, const std::string& content_type,
    const std::vector<evaluator::Sample>& samples) {
  std::map<uint64_t, registry::PromptResult> sums;
  for (const evaluator::Sample& sample : samples) {
    if (sample.model != model || sample.content_type != content_type) continue;
    const uint64_t prompt = std::hash<std::string>()(sample.prompt_id);
    registry::PromptResult& sum =
        sums.try_emplace(prompt, registry::PromptResult{.prompt = prompt, .count = 0})
            .first->second;
    sum.score += sample.quality_score.value_or(0);
    sum.cost_usd += sample.cost_usd;
    ++sum.count;
  }
  registry::PromptResults results;
  results.reserve(sums.size());
  for (const auto& [prompt, sum] : sums) {
    results.push_back(sum);
    results.back().score /= sum.count;
    results.back().cost_usd /= sum.count;
  }
  return std::make_shared<const registry::PromptResults>(std::move(results));
}

// If more than `max_count` entries are the `same`, drops one of them: the oldest for which a newer
// one has at least as many samples, so that no number of small evaluations replaces a large one; if
// there is none, the one with the fewest samples.
void Trim(absl::FunctionRef<bool(const Evidence&)> same, size_t max_count,
          std::vector<Evidence>* all) {
  std::vector<std::vector<Evidence>::iterator> group;
  for (auto it = all->begin(); it != all->end(); ++it) {
    if (same(*it)) group.push_back(it);
  }
  if (group.size() <= max_count) return;
  std::sort(group.begin(), group.end(),
            [](auto a, auto b) { return a->finished_at < b->finished_at; });
  const auto fewer = [](auto a, auto b) { return a->samples < b->samples; };
  for (auto it = group.begin(); std::next(it) != group.end(); ++it) {
    if ((*std::max_element(std::next(it), group.end(), fewer))->samples < (*it)->samples) continue;
    all->erase(*it);
    return;
  }
  all->erase(*std::min_element(group.begin(), group.end(), fewer));
}

void Trim(const Evidence& added, std::vector<Evidence>* all) {
  const auto same_model = [&](const Evidence& other) { return other.model == added.model; };
  const auto same = [&](const Evidence& other) {
    return same_model(other) && other.revision == added.revision && other.scorer == added.scorer &&
           other.scorer_version == added.scorer_version;
  };
  Trim(same, kMaxPerRevision, all);
  Trim(same_model, kMaxPerModel, all);
}

// Sets the fingerprint that summaries of older versions lack, from the plan.
void AddFingerprints(evaluator::RunStore& store, evaluator::Evaluation* evaluation) {
  const auto lacks = [](const evaluator::Summary& summary) {
    return summary.workload_fingerprint.empty() && !summary.content_type.empty();
  };
  std::vector<evaluator::Summary>& summaries = evaluation->summaries;
  if (std::none_of(summaries.begin(), summaries.end(), lacks)) return;
  const absl::StatusOr<evaluator::EvaluationPlan> plan = store.Plan(evaluation->id);
  if (!plan.ok()) return;
  for (evaluator::Summary& summary : summaries) {
    if (lacks(summary)) {
      summary.workload_fingerprint = evaluator::WorkloadFingerprint(*plan, summary.content_type);
    }
  }
}

}  // namespace

absl::Status RouteEvidence::Read(evaluator::RunStore& store) {
  ASSIGN_OR_RETURN(std::vector<evaluator::Evaluation> evaluations, store.List(kMaxEvaluations));
  {
    const MutexLock lock(mutex_);
    known_.clear();
  }
  for (evaluator::Evaluation& evaluation : evaluations) {
    AddFingerprints(store, &evaluation);
    Add(evaluation, {});
  }
  // Only now is it known which samples are needed.
  for (const std::string& id : KeptEvaluations()) {
    ASSIGN_OR_RETURN(const std::vector<evaluator::Sample> samples, store.Samples(id));
    const MutexLock lock(mutex_);
    for (auto& [content_type, known] : known_) {
      for (Evidence& evidence : known) {
        if (evidence.evaluation_id != id) continue;
        evidence.prompts = ResultsOf(evidence.model, content_type, samples);
      }
    }
  }
  return absl::OkStatus();
}

std::set<std::string> RouteEvidence::KeptEvaluations() const {
  const MutexLock lock(mutex_);
  std::set<std::string> ids;
  for (const auto& [content_type, known] : known_) {
    for (const Evidence& evidence : known) ids.insert(evidence.evaluation_id);
  }
  return ids;
}

void RouteEvidence::Add(const evaluator::Evaluation& evaluation,
                        const std::vector<evaluator::Sample>& samples) {
  if (evaluation.state != evaluator::EvaluationState::kSucceeded) return;
  const MutexLock lock(mutex_);
  for (const evaluator::Summary& summary : evaluation.summaries) {
    if (summary.content_type.empty() || summary.revision.empty()) continue;
    if (summary.quality_score.n == 0) continue;
    std::vector<Evidence>& known = known_[summary.content_type];
    known.push_back(ToEvidence(evaluation, summary));
    known.back().prompts = ResultsOf(summary.model, summary.content_type, samples);
    // A copy: Trim() moves the elements.
    const Evidence added = known.back();
    Trim(added, &known);
  }
}

void RouteEvidence::Remove(std::span<const std::string> ids) {
  const std::set<std::string_view> removed(ids.begin(), ids.end());
  const MutexLock lock(mutex_);
  for (auto& [content_type, known] : known_) {
    std::erase_if(known, [&removed](const Evidence& evidence) {
      return removed.contains(evidence.evaluation_id);
    });
  }
}

std::vector<Evidence> RouteEvidence::For(std::string_view content_type) const {
  const MutexLock lock(mutex_);
  const auto it = known_.find(content_type);
  return it == known_.end() ? std::vector<Evidence>() : it->second;
}

}  // namespace assay::server
