// The economics of what was measured, each figure with its formula and inputs.
#ifndef ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_REPORT_H_
#define ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_REPORT_H_

#include <string>
#include <vector>

#include "evaluator/economics/economics.h"
#include "evaluator/economics/figure.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// What one candidate's successful samples took, summed.
struct CandidateUse {
  std::string candidate;
  int requests = 0;
  // Those with a quality score, and those of them at the acceptance threshold or above.
  int scored = 0;
  int accepted = 0;
  double busy_seconds = 0;
  double joules = 0;
  // Energy::source of all samples; "mixed" where they differ.
  std::string energy_source;
  double prompt_tokens = 0;
  double completion_tokens = 0;
};

// `samples` of one candidate. Those without energy (recorded before there was any) count with
// StatedEnergy().
CandidateUse UseOf(const EconomicsInputs& inputs, const std::vector<const Sample*>& samples);

// Cost, comparison, savings, break-even, return and leads of one candidate, in the order in which
// they build on each other. What cannot be computed (no samples, an input that is not stated, an
// overflow) is left out. Names are unique.
std::vector<Figure> EconomicsReport(const EconomicsInputs& inputs, const CandidateUse& use);

struct DeployedModel {
  std::string name;
  double resident_bytes = 0;
};

// The models behind the plan's candidates, each once however many candidates share it; those whose
// size is not known are left out. In the plan's order.
std::vector<DeployedModel> DeployedModels(const EvaluationPlan& plan,
                                          const std::vector<Summary>& summaries);

// What it costs a day to keep these models resident together on one machine: idle electricity, and
// each model's share of the hardware by its memory. Empty if there are none, or neither idle power
// nor hardware is stated.
std::vector<Figure> DeploymentReport(const EconomicsInputs& inputs,
                                     const std::vector<DeployedModel>& models);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_REPORT_H_
