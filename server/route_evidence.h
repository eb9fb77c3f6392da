// The run store's evaluations as the registry's EvidenceSource.
#ifndef ASSAY_SERVER_ROUTE_EVIDENCE_H_
#define ASSAY_SERVER_ROUTE_EVIDENCE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/evaluation.h"
#include "evaluator/run_store.h"
#include "registry/evidence.h"
#include "registry/revision.h"

namespace assay::server {

// Keeps in memory what routes ask for, so that no request reads the database. Thread-safe.
class RouteEvidence final : public registry::EvidenceSource {
 public:
  explicit RouteEvidence(registry::Revisions* revisions) : revisions_(revisions) {}

  // Takes what the store has, once, at start. The store's error.
  absl::Status Read(evaluator::RunStore& store);
  // Takes one that has finished. Only those that succeeded count, of models whose revision is
  // known; per model, content type and revision the newest 16.
  void Add(const evaluator::Evaluation& evaluation) ABSL_LOCKS_EXCLUDED(mutex_);

  std::vector<registry::Evidence> For(std::string_view content_type) const override
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::string RevisionOf(const registry::ModelEntry& entry) const override {
    return revisions_->Of(entry);
  }

 private:
  registry::Revisions* const revisions_;
  mutable absl::Mutex mutex_;
  // By content type.
  std::map<std::string, std::vector<registry::Evidence>, std::less<>> known_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTE_EVIDENCE_H_
