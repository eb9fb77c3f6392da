// Says in words that a quality figure rests on too few prompts.
#include "evaluator/records/too_few.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {

std::string TooFewPrompts(int prompts) {
  if (prompts <= 0 || prompts >= kMinPairs) return "";
  return absl::StrCat("too few prompts (", prompts, " of ", kMinPairs, ")");
}

std::string TooFewPrompts(const Estimate& quality) { return TooFewPrompts(quality.n); }

std::string TooFewPrompts(const RankedCandidate& candidate) {
  return TooFewPrompts(candidate.clusters > 0 ? candidate.clusters : candidate.n);
}

std::string NoVerdictText(int prompts, int needed) {
  return absl::StrCat("no verdict is possible at ", prompts, prompts == 1 ? " prompt" : " prompts",
                      "; at least ", needed, " are needed");
}

}  // namespace assay::evaluator
