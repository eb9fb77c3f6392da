// Measurement of single generations.
#ifndef ASSAY_EVALUATOR_RUN_SAMPLE_MEASURER_H_
#define ASSAY_EVALUATOR_RUN_SAMPLE_MEASURER_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/run/job_dependencies.h"

namespace assay::evaluator {

// Generates texts for the candidates of a plan and measures their time, memory, energy and cost.
// Methods with a CallContext block for as long as a generation takes and end early once it is done.
// One measurement at a time; not thread-safe.
class SampleMeasurer {
 public:
  // The references must outlive the SampleMeasurer.
  SampleMeasurer(const EvaluationPlan& plan, const EconomicsInputs& economics,
                 const JobDependencies& dependencies)
      : plan_(plan), economics_(economics), dependencies_(dependencies) {}

  // Returns the request for one text: the system messages of candidate and prompt, and the sampling
  // with SampleSeed().
  GenerationJob MakeRequest(const Candidate& candidate, const EvaluationPrompt& prompt,
                            int repeat) const;

  // Generates a short text that is not measured. Ignores errors, because the samples will fail with
  // the same error and are counted.
  void WarmUp(const Candidate& candidate, const CallContext& context);

  // Makes the model resident if it was evicted, and warms it up again in that case. Returns how
  // long the load took.
  absl::StatusOr<absl::Duration> MakeResident(const Candidate& candidate,
                                              const CallContext& context);

  // Generates one text and fills `sample`, except for its scores, finished_at and system. An error
  // of the load or of the generation is stored in the sample. Returns false if the generation
  // failed and `context` is done, in which case there is no sample.
  bool Measure(const Candidate& candidate, const PreparedModel& model,
               const EvaluationPrompt& prompt, int repeat, const CallContext& context,
               Sample* sample);

 private:
  // Generates, and measures memory and energy meanwhile.
  absl::StatusOr<Generation> Generate(const GenerationJob& request, const CallContext& context,
                                      Sample* sample);

  const EvaluationPlan& plan_;
  const EconomicsInputs& economics_;
  const JobDependencies dependencies_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_SAMPLE_MEASURER_H_
