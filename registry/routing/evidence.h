// Evidence about models: the results of evaluations, as routing needs them. server/ implements the
// source with the evaluator's run store.
#ifndef ASSAY_REGISTRY_ROUTING_EVIDENCE_H_
#define ASSAY_REGISTRY_ROUTING_EVIDENCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "registry/catalog/catalog.h"
#include "registry/routing/prompt_results.h"

namespace assay::registry {

// The result of one evaluation of one model on one content type.
struct Evidence {
  std::string model;
  // The revision that was evaluated, in the form of RevisionOf().
  std::string revision;
  std::string evaluation_id;
  // The scorer, for example "assay", and its version.
  std::string scorer;
  std::string scorer_version;
  // Identifies the prompts of the content type, the sampling settings and the lengths. Only results
  // with the same fingerprint are comparable. Empty = unknown, which is treated like any other
  // value.
  std::string workload_fingerprint;
  // The number of prompts with a score (repeats of a prompt do not count), and the fraction of all
  // samples that succeeded. Failed samples have no score.
  int samples = 0;
  double success_rate = 1;
  // The mean of the quality score and its 95 % confidence interval. The interval is absent if there
  // is only one prompt: such a mean is uncertain, not exact.
  double mean = 0;
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  absl::Duration latency_p90;
  // The mean cost of a request.
  double cost_usd = 0;
  // The memory of the loaded model.
  int64_t resident_bytes = 0;
  // The results prompt by prompt, failed generations included. Not null.
  std::shared_ptr<const PromptResults> prompts = std::make_shared<const PromptResults>();
  absl::Time finished_at;
};

// Provides evidence. Thread-safe, and cheap enough to be called for every request.
class EvidenceSource {
 public:
  virtual ~EvidenceSource() = default;
  // The time of the decision, and the age above which evidence does not count.
  virtual absl::Time Now() const = 0;
  virtual absl::Duration MaxAge() const = 0;
  // Returns the evidence of all models and revisions, in any order.
  virtual std::vector<Evidence> For(std::string_view content_type) const = 0;
  // Returns the revision that a request for the entry would use: that of the resident model, else
  // that of the files on this machine. Empty if there are neither.
  virtual std::string RevisionOf(const ModelEntry& entry) const = 0;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_EVIDENCE_H_
