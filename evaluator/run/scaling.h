// How a model holds up with more requests at once, and beside more resident models.
#ifndef ASSAY_EVALUATOR_RUN_SCALING_H_
#define ASSAY_EVALUATOR_RUN_SCALING_H_

#include <functional>
#include <vector>

#include "base/call_context.h"
#include "evaluator/records/scaling_records.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Runs `streams` requests at once, `rounds` times each, taking the jobs in turn. Blocks; ends
// early, with what it has, when `context`. Seconds to minutes.
ScalingPoint MeasureStreams(TextGenerator* generator, MemoryProbe* memory,
                            const std::vector<GenerationJob>& jobs, int streams, int rounds,
                            const CallContext& context);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_SCALING_H_
