// Evaluations as evidence.
#include "server/route_evidence.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::server {
namespace {

using registry::Evidence;

// Older ones are of no use, as a rule for models and revisions long gone.
constexpr int kMostEvaluations = 10'000;
constexpr int kKept = 16;

// The model's place in the evaluation's ranking of that content type; null in old evaluations. One
// content type alone is ranked as the whole.
const evaluator::RankedCandidate* RankOf(const evaluator::Evaluation& evaluation,
                                         const evaluator::Summary& summary) {
  const std::vector<evaluator::Ranking>& rankings = evaluation.analysis.rankings;
  for (const evaluator::Ranking& ranking : rankings) {
    const bool whole = rankings.size() == 1 && ranking.content_type.empty();
    if (ranking.content_type != summary.content_type && !whole) continue;
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
                    .samples = summary.quality_score.n,
                    .success_rate = summary.success_rate,
                    .mean = summary.quality_score.mean,
                    .ci_low = summary.quality_score.ci_low,
                    .ci_high = summary.quality_score.ci_high,
                    .latency_p90 = absl::Milliseconds(summary.latency_ms.p90),
                    .cost_usd = summary.cost_usd.mean,
                    .resident_bytes = summary.resident_bytes,
                    .finished_at = evaluation.finished_at};
  // Repeats of a prompt are no prompts of their own.
  if (const evaluator::RankedCandidate* ranked = RankOf(evaluation, summary); ranked != nullptr) {
    evidence.samples = ranked->n;
    evidence.mean = ranked->mean;
    evidence.ci_low = ranked->ci_low;
    evidence.ci_high = ranked->ci_high;
  }
  return evidence;
}

// Drops the oldest of the same model and revision where there are too many.
void Trim(const Evidence& added, std::vector<Evidence>* all) {
  const auto same = [&](const Evidence& other) {
    return other.model == added.model && other.revision == added.revision;
  };
  if (std::count_if(all->begin(), all->end(), same) <= kKept) return;
  auto oldest = all->end();
  for (auto it = all->begin(); it != all->end(); ++it) {
    if (!same(*it)) continue;
    if (oldest == all->end() || it->finished_at < oldest->finished_at) oldest = it;
  }
  all->erase(oldest);
}

}  // namespace

absl::Status RouteEvidence::Read(evaluator::RunStore& store) {
  absl::StatusOr<std::vector<evaluator::Evaluation>> evaluations = store.List(kMostEvaluations);
  if (!evaluations.ok()) return evaluations.status();
  for (const evaluator::Evaluation& evaluation : *evaluations) Add(evaluation);
  return absl::OkStatus();
}

void RouteEvidence::Add(const evaluator::Evaluation& evaluation) {
  if (evaluation.state != evaluator::EvaluationState::kSucceeded) return;
  const absl::MutexLock lock(&mutex_);
  for (const evaluator::Summary& summary : evaluation.summaries) {
    if (summary.content_type.empty() || summary.revision.empty()) continue;
    if (summary.quality_score.n == 0) continue;
    std::vector<Evidence>& known = known_[summary.content_type];
    known.push_back(ToEvidence(evaluation, summary));
    // A copy: Trim() moves the elements.
    const Evidence added = known.back();
    Trim(added, &known);
  }
}

std::vector<Evidence> RouteEvidence::For(std::string_view content_type) const {
  const absl::MutexLock lock(&mutex_);
  const auto it = known_.find(content_type);
  return it == known_.end() ? std::vector<Evidence>() : it->second;
}

}  // namespace assay::server
