// Evaluations of the run store as evidence for routes: the registry's EvidenceSource.
#ifndef ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_
#define ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"
#include "registry/routing/evidence.h"

namespace assay::server {

// Keeps the evidence in memory, so that no request reads the database. Thread-safe.
class RouteEvidence final : public registry::EvidenceSource {
 public:
  using RevisionFn = std::function<std::string(const registry::ModelEntry& entry)>;

  // `revision_of` implements RevisionOf().
  explicit RouteEvidence(RevisionFn revision_of) : revision_of_(std::move(revision_of)) {}

  // Adds the evaluations of the store. Must be called once, at start. Returns the store's error.
  absl::Status Read(evaluator::RunStore& store) ABSL_LOCKS_EXCLUDED(mutex_);
  // Adds a finished evaluation with its samples. Ignores evaluations that did not succeed and
  // models whose revision is unknown. Keeps 16 per model, content type, revision and scorer
  // version, preferring new and large ones, and at most 256 per model and content type.
  void Add(const evaluator::Evaluation& evaluation, const std::vector<evaluator::Sample>& samples)
      ABSL_LOCKS_EXCLUDED(mutex_);

  std::vector<registry::Evidence> For(std::string_view content_type) const override
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::string RevisionOf(const registry::ModelEntry& entry) const override {
    return revision_of_(entry);
  }

 private:
  // Returns the ids of the evaluations that are kept.
  std::set<std::string> KeptEvaluations() const ABSL_LOCKS_EXCLUDED(mutex_);

  const RevisionFn revision_of_;
  mutable absl::Mutex mutex_;
  // The key is the content type.
  std::map<std::string, std::vector<registry::Evidence>, std::less<>> known_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_
