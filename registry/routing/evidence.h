// What evaluations found out about the models, as routing needs it; server/ implements the source
// with the evaluator's run store.
#ifndef ASSAY_REGISTRY_ROUTING_EVIDENCE_H_
#define ASSAY_REGISTRY_ROUTING_EVIDENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

// One evaluation of one model on one content type.
struct Evidence {
  std::string model;
  // What was deployed then, as RevisionOf() names it.
  std::string revision;
  std::string evaluation_id;
  // "assay", and its version.
  std::string scorer;
  std::string scorer_version;
  // Names the prompts of that type, the sampling and the lengths: results of two such names do not
  // compare. Empty = not known, a name like any other.
  std::string asked;
  // Prompts with a score (repeats of one are no more evidence), and the share of all samples that
  // succeeded: failed ones have no score.
  int samples = 0;
  double success_rate = 1;
  // Of the quality score: mean, and its 95 % interval; absent where there is none, as of one
  // prompt: such a mean is not exact but unknown.
  double mean = 0;
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  absl::Duration latency_p90;
  // Mean of a request.
  double cost_usd = 0;
  // Of the loaded model.
  int64_t resident_bytes = 0;
  absl::Time finished_at;
};

// Thread-safe, and cheap enough to be asked at every request.
class EvidenceSource {
 public:
  virtual ~EvidenceSource() = default;
  // Of every model and revision, in any order.
  virtual std::vector<Evidence> For(std::string_view content_type) const = 0;
  // What a request for the entry meets now: what is resident, else what is on this machine; empty =
  // neither.
  virtual std::string RevisionOf(const ModelEntry& entry) const = 0;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_EVIDENCE_H_
