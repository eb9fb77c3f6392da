// Evaluations of the run store as evidence for routes: the registry's EvidenceSource.
#ifndef ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_
#define ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"
#include "registry/routing/evidence.h"

namespace assay::server {

// Keeps the evidence in memory, so that no request reads the database. Thread-safe.
class RouteEvidence final : public registry::EvidenceSource {
 public:
  using RevisionFn = std::function<std::string(const registry::ModelEntry& entry)>;
  struct Options {
    // MaxAge().
    absl::Duration max_age = absl::InfiniteDuration();
    // Now(). Must be thread-safe.
    std::function<absl::Time()> clock = absl::Now;
  };

  // `revision_of` implements RevisionOf().
  RouteEvidence(RevisionFn revision_of, Options options)
      : revision_of_(std::move(revision_of)), options_(std::move(options)) {}
  explicit RouteEvidence(RevisionFn revision_of)
      : RouteEvidence(std::move(revision_of), Options()) {}

  // Replaces the evidence with the evaluations of the store. Must be called at start, before
  // evaluations run. Returns the store's error.
  absl::Status Read(evaluator::RunStore& store) ABSL_LOCKS_EXCLUDED(mutex_);
  // Adds a finished evaluation with its samples. Ignores evaluations that did not succeed and
  // models whose revision is unknown. Keeps 16 per model, content type, revision and scorer
  // version, preferring new and large ones, and at most 256 per model and content type.
  void Add(const evaluator::Evaluation& evaluation, const std::vector<evaluator::Sample>& samples)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Removes the evidence of evaluations. An evaluation that was left out for one of them counts
  // again after the next start.
  void Remove(std::span<const std::string> ids) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Time Now() const override { return options_.clock(); }
  absl::Duration MaxAge() const override { return options_.max_age; }
  std::vector<registry::Evidence> For(std::string_view content_type) const override
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::string RevisionOf(const registry::ModelEntry& entry) const override {
    return revision_of_(entry);
  }

 private:
  // Returns the ids of the evaluations that are kept.
  std::set<std::string> KeptEvaluations() const ABSL_LOCKS_EXCLUDED(mutex_);

  const RevisionFn revision_of_;
  const Options options_;
  mutable absl::Mutex mutex_;
  // The key is the content type.
  std::map<std::string, std::vector<registry::Evidence>, std::less<>> known_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_
