// The cost of keeping several models resident on one machine.
#ifndef ASSAY_EVALUATOR_ECONOMICS_DEPLOYMENT_REPORT_H_
#define ASSAY_EVALUATOR_ECONOMICS_DEPLOYMENT_REPORT_H_

#include <string>
#include <vector>

#include "evaluator/economics/economics.h"
#include "evaluator/economics/figure.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

struct DeployedModel {
  // The model's id in the catalog.
  std::string name;
  double resident_bytes = 0;
};

// Returns the models of the plan's candidates in the plan's order. A model appears once, even if
// several candidates share it. Models of unknown size are left out.
std::vector<DeployedModel> DeployedModels(const EvaluationPlan& plan,
                                          const std::vector<Summary>& summaries);

// Returns the cost per day of keeping these models resident together: idle electricity, and each
// model's part of the hardware in proportion to its memory. Empty if there are no models, or if
// neither idle power nor hardware is stated.
std::vector<Figure> DeploymentReport(const EconomicsInputs& inputs,
                                     const std::vector<DeployedModel>& models);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_DEPLOYMENT_REPORT_H_
