// The work of one step and the executor's input for it. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_PLAN_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/runtime/scheduler/scoring_sequence.h"
#include "engine/runtime/scheduler/sequence.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The tokens of one request in a step.
struct RequestChunk {
  Sequence* sequence;
  // The number of its own tokens: a piece of the prompt, or the last token if it decodes.
  int64_t tokens;
  // The last token, then the draft tokens that are verified in the same step; empty without drafts.
  std::vector<TokenId> draft;

  int64_t draft_tokens() const {
    return draft.empty() ? 0 : static_cast<int64_t>(draft.size()) - 1;
  }
};

// The tokens of one scored sequence in a step.
struct ScoringChunk {
  ScoringSequence* sequence;
  int64_t tokens;
  // The number of tokens at the end whose logits score the tokens after them.
  int64_t logit_rows;
};

struct StepPlan {
  std::vector<RequestChunk> requests;
  std::vector<ScoringChunk> scoring;

  bool empty() const { return requests.empty() && scoring.empty(); }
};

// The executor's input for a plan. Refers to the plan and its sequences, which must outlive it.
struct StepInput {
  std::vector<SequenceChunk> chunks;
  std::vector<TokenChoice> choices;
  std::vector<TokenRating> ratings;
  // The requests for which a token is chosen, in the order of `choices`.
  std::vector<const RequestChunk*> choosing;
  // The number of rows of decoding requests, with their draft tokens.
  int64_t decode_rows = 0;
  // The number of tokens of prompts and scored sequences.
  int64_t prompt_tokens = 0;

  ExecutorStep AsStep() {
    return {
        .chunks = chunks, .choices = absl::MakeSpan(choices), .ratings = absl::MakeSpan(ratings)};
  }
};

StepInput MakeStepInput(const StepPlan& plan);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_PLAN_H_
