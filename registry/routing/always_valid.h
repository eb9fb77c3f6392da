// Confidence sequences: intervals that hold at all times at once.
#ifndef ASSAY_REGISTRY_ROUTING_ALWAYS_VALID_H_
#define ASSAY_REGISTRY_ROUTING_ALWAYS_VALID_H_

namespace assay::registry {

// Returns half the width of a confidence sequence of a mean at level 1 - alpha, in standard errors
// of the mean over `n` values. The sequence holds for all n at once, so that it may be looked at
// after every value, and it is narrowest, in relation to a fixed interval, at n = `tightest_at`:
// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
// asymptotic confidence sequences" (arXiv:2103.06476), theorem 2.2. Infinite below two values.
// `alpha` must be in (0, 1).
double AlwaysValidRadius(double n, double alpha, double tightest_at);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_ALWAYS_VALID_H_
