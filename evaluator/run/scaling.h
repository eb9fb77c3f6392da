// Measurement of one scaling level: concurrent requests to one model.
#ifndef ASSAY_EVALUATOR_RUN_SCALING_H_
#define ASSAY_EVALUATOR_RUN_SCALING_H_

#include <functional>
#include <vector>

#include "base/call_context.h"
#include "evaluator/records/scaling_records.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Runs `streams` concurrent streams of `rounds` requests each and cycles through `jobs`. Blocks for
// seconds to minutes. Once `context` is done, it ends early and returns the results so far. Sets
// all fields of the point except `kind` and `model`.
ScalingPoint MeasureStreams(TextGenerator* generator, MemoryProbe* memory,
                            const std::vector<GenerationJob>& jobs, int streams, int rounds,
                            const CallContext& context);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_SCALING_H_
