// The results of models prompt by prompt, and what a paired comparison of two models shows.
#ifndef ASSAY_REGISTRY_ROUTING_PROMPT_RESULTS_H_
#define ASSAY_REGISTRY_ROUTING_PROMPT_RESULTS_H_

#include <cstdint>
#include <vector>

namespace assay::registry {

// The mean results of one model on one prompt, over its repeats. A failed generation has the score
// 0, because its caller gets no text.
struct PromptResult {
  // Identifies the prompt within this process.
  uint64_t prompt = 0;
  double score = 0;
  double cost_usd = 0;
  // The number of generations.
  int count = 1;
};

// Sorted by prompt; each prompt occurs once.
using PromptResults = std::vector<PromptResult>;

// Returns the results of two evaluations of a model together. Generations have equal weight.
PromptResults Pool(const PromptResults& a, const PromptResults& b);

// The mean over the prompts with equal weight; 0 without prompts.
double MeanScore(const PromptResults& results);
double MeanCost(const PromptResults& results);

// The mean difference of two models over the prompts that both have results for.
struct PairedDifference {
  int prompts = 0;
  double mean = 0;
  // Infinite with fewer than two prompts.
  double standard_error = 0;

  // Returns the end of the one-sided 95 % interval of Student's t.
  double LowerBound() const;

  // Returns an end of a 95 % confidence sequence, which holds for all numbers of prompts at once,
  // so that it may be looked at after every evaluation: Waudby-Smith, Arbour, Sinha, Kennedy and
  // Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences"
  // (arXiv:2103.06476), theorem 2.2, tightest at 20 prompts.
  double AlwaysValidLowerBound() const;
};

// Returns `a` minus `b`.
PairedDifference ScoreDifference(const PromptResults& a, const PromptResults& b);
PairedDifference CostDifference(const PromptResults& a, const PromptResults& b);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_PROMPT_RESULTS_H_
