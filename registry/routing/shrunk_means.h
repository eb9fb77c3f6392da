// Means of several models that do not flatter the best of them.
#ifndef ASSAY_REGISTRY_ROUTING_SHRUNK_MEANS_H_
#define ASSAY_REGISTRY_ROUTING_SHRUNK_MEANS_H_

#include <vector>

#include "registry/routing/prompt_results.h"

namespace assay::registry {

// Returns the expected score of each model, each mean shrunk toward the mean of all.
//
// The best of several measured means is too high on average, because luck helped to make it the
// best (the winner's curse). The positive-part estimator of James and Stein with a common mean
// (Efron and Morris, "Data Analysis Using Stein's Estimator and its Generalizations", JASA 70,
// 1975) multiplies the distance from the common mean by 1 - (k - 3) v / S, at least 0: k is the
// number of models, S the sum of their squared distances, and v the variance of a mean. v comes
// from the residuals after the means of models and prompts, because all models answered the same
// prompts.
//
// Below four models, or two common prompts, the means are not shrunk. Only prompts that all models
// have results for count for v. O(models x prompts).
std::vector<double> ShrunkMeans(const std::vector<PromptResults>& models);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_SHRUNK_MEANS_H_
