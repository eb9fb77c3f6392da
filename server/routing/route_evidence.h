// The run store's evaluations as the registry's EvidenceSource.
#ifndef ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_
#define ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_

#include <functional>
#include <map>
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

// Keeps in memory what routes ask for, so that no request reads the database. Thread-safe.
class RouteEvidence final : public registry::EvidenceSource {
 public:
  using RevisionFn = std::function<std::string(const registry::ModelEntry& entry)>;

  // revision_of: as RevisionOf() says.
  explicit RouteEvidence(RevisionFn revision_of) : revision_of_(std::move(revision_of)) {}

  // Takes what the store has, once, at start. The store's error.
  absl::Status Read(evaluator::RunStore& store);
  // Takes one that has finished. Only those that succeeded count, of models whose revision is
  // known; per model, content type, revision and version of the scorer 16, the newest and the
  // largest of them, and a few hundred per model and content type.
  void Add(const evaluator::Evaluation& evaluation) ABSL_LOCKS_EXCLUDED(mutex_);

  std::vector<registry::Evidence> For(std::string_view content_type) const override
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::string RevisionOf(const registry::ModelEntry& entry) const override {
    return revision_of_(entry);
  }

 private:
  const RevisionFn revision_of_;
  mutable absl::Mutex mutex_;
  // By content type.
  std::map<std::string, std::vector<registry::Evidence>, std::less<>> known_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTE_EVIDENCE_H_
