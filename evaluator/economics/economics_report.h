// The economics of one candidate's measured requests, each figure with its formula and inputs.
#ifndef ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_REPORT_H_
#define ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_REPORT_H_

#include <string>
#include <vector>

#include "evaluator/economics/economics.h"
#include "evaluator/economics/figure.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/observed_outcomes.h"

namespace assay::evaluator {

// The resources that one candidate's successful samples used, summed.
struct CandidateUsage {
  std::string candidate;
  int requests = 0;
  // The number of samples with a quality score, and the number of those whose score is at least the
  // acceptance threshold.
  int scored = 0;
  int accepted = 0;
  double busy_seconds = 0;
  double joules = 0;
  // Energy::source of the samples, or "mixed" if they differ.
  std::string energy_source;
  double prompt_tokens = 0;
  double completion_tokens = 0;
  // The outcomes of the model's answers in use. Empty if there is no feedback.
  ObservedOutcomes observed;
};

// Sums over `samples`, which must be of one candidate. Samples without an energy, recorded by older
// versions, count with StatedEnergy().
CandidateUsage SumUsage(const EconomicsInputs& inputs, const std::vector<const Sample*>& samples);

// Returns the cost, comparison, savings, break-even, return and leads of one candidate. A figure
// depends only on inputs and on figures before it. Acceptance and conversions are the observed ones
// if there is enough feedback (observed_outcomes.h), otherwise the assumed ones. A figure that
// cannot be computed (no samples, an input that is not stated, an overflow) is left out. Names are
// unique.
std::vector<Figure> EconomicsReport(const EconomicsInputs& inputs, const CandidateUsage& usage);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_REPORT_H_
