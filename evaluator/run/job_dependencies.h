// The objects that a job uses.
#ifndef ASSAY_EVALUATOR_RUN_JOB_DEPENDENCIES_H_
#define ASSAY_EVALUATOR_RUN_JOB_DEPENDENCIES_H_

#include "evaluator/records/text_generator.h"
#include "evaluator/run/runner.h"
#include "evaluator/scoring/scorer.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// All of them must outlive the job. None is null.
struct JobDependencies {
  TextGenerator* generator;
  MemoryProbe* memory;
  const ScorerSet* scorers;
  RunStore* store;
  const Runner::Options* options;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_JOB_DEPENDENCIES_H_
