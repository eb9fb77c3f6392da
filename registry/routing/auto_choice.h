// The choice of the auto rule among models with sufficient evidence.
#ifndef ASSAY_REGISTRY_ROUTING_AUTO_CHOICE_H_
#define ASSAY_REGISTRY_ROUTING_AUTO_CHOICE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "registry/catalog/route_policy.h"
#include "registry/routing/evidence.h"

namespace assay::registry {

// A model and its evaluations on one workload, oldest first and not empty.
struct ProvenModel {
  std::string id;
  std::vector<Evidence> evaluations;
};

// What counts as old.
struct EvidenceAge {
  absl::Time now = absl::InfiniteFuture();
  absl::Duration max_age = absl::InfiniteDuration();

  bool IsOld(const Evidence& evidence) const { return now - evidence.finished_at > max_age; }
};

enum class ChoiceReason {
  kBestMean,   // It has the best mean.
  kCheaper,    // It is shown to be nearly as good as that one, and cheaper.
  kIncumbent,  // It had the route before, and no other model is shown to be better.
};

// What was chosen, and what is known about each other model in relation to it.
struct AutoChoice {
  // An index into the models.
  size_t chosen = 0;
  ChoiceReason reason = ChoiceReason::kBestMean;
  // The expected score of the chosen model (ShrunkMeans), and its measured mean.
  double expected_score = 0;
  double mean_score = 0;
  // One note per model. "worse: ..." for a model that is shown to be worse than the chosen one.
  std::vector<std::string> notes;
  std::vector<bool> is_worse;
  // True for each model whose evidence is all old.
  std::vector<bool> is_old;
};

// Chooses a model. `models` must not be empty. A pure function.
//
// The evaluations are read in the order of their time, as if the rule had been asked after each of
// them. Results of one model on one prompt are pooled. If an evaluation is shown to differ from the
// earlier ones of its model by more than `margin`, it replaces them. The model that was chosen
// before keeps the route unless the evidence is against it: two equal models do not alternate. It
// loses the route to
//
// - a model that is shown to be better: the confidence sequence of the mean difference over common
//   prompts is above 0 (PairedDifference::AlwaysValidLowerBound());
// - a cheaper model that is shown to be not worse than the one with the best mean, and than the
//   present one, by more than `margin`: the one-sided 95 % interval of the paired difference is
//   above -margin. It must save at least `min_saving` of the cost, and its paired saving must be
//   above 0 in the same sense.
//
// "Not shown to differ" is not evidence of equality: with few prompts the better mean wins.
//
// An evaluation counts for `max_age`, and gives its model no route after that. If all evaluations
// of the model that has the route are old, they still defend it: it loses the route only to a model
// that later evaluations show to be better. Time alone moves no route.
AutoChoice ChooseProven(const std::vector<ProvenModel>& models, const AutoLimits& limits,
                        const EvidenceAge& age = {});

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_AUTO_CHOICE_H_
