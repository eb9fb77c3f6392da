// The work of one step and the executor's input for it.
#include "engine/runtime/scheduler/step_plan.h"

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace assay::engine {
namespace {

// Adds the chunk, whose logits begin at `first_row`. Returns the number of its rows of logits.
int64_t AddRequest(const RequestChunk& chunk, int64_t first_row, StepInput* input) {
  Sequence& sequence = *chunk.sequence;
  const absl::Span<const TokenId> known =
      absl::MakeConstSpan(sequence.tokens())
          .subspan(static_cast<size_t>(sequence.computed), static_cast<size_t>(chunk.tokens));
  const bool to_the_end = sequence.computed + chunk.tokens == sequence.length();
  const int64_t rows =
      chunk.draft.empty() ? int64_t{to_the_end} : static_cast<int64_t>(chunk.draft.size());
  input->chunks.push_back({.pages = sequence.pages,
                           .tokens = chunk.draft.empty() ? known : absl::MakeConstSpan(chunk.draft),
                           .position = sequence.computed,
                           .first_length = sequence.prompt_length(),
                           .logits = rows});
  if (to_the_end) {
    TokenChoice& choice = input->choices.emplace_back();
    choice.first_row = first_row;
    choice.sampler = &sequence.sampler();
    if (!chunk.draft.empty()) choice.draft = absl::MakeConstSpan(chunk.draft).subspan(1);
    input->choosing.push_back(&chunk);
  }
  int64_t& count = sequence.is_decoding() ? input->decode_rows : input->prompt_tokens;
  count += chunk.tokens + chunk.draft_tokens();
  return rows;
}

int64_t AddScoring(const ScoringChunk& chunk, int64_t first_row, StepInput* input) {
  const ScoringSequence& sequence = *chunk.sequence;
  const auto at = [](int64_t t) { return static_cast<size_t>(t); };
  const int64_t end = sequence.computed + chunk.tokens;
  input->chunks.push_back(
      {.pages = sequence.pages,
       .tokens = sequence.tokens.subspan(at(sequence.computed), at(chunk.tokens)),
       .position = sequence.computed,
       .first_length = sequence.length(),
       .logits = chunk.logit_rows});
  for (int64_t i = 0; i < chunk.logit_rows; ++i) {
    const int64_t scored = end - chunk.logit_rows + i + 1;
    input->ratings.push_back({.row = first_row + i, .token = sequence.tokens[at(scored)]});
  }
  input->prompt_tokens += chunk.tokens;
  return chunk.logit_rows;
}

}  // namespace

StepInput MakeStepInput(const StepPlan& plan) {
  StepInput input;
  int64_t rows = 0;
  for (const RequestChunk& chunk : plan.requests) rows += AddRequest(chunk, rows, &input);
  for (const ScoringChunk& chunk : plan.scoring) rows += AddScoring(chunk, rows, &input);
  return input;
}

}  // namespace assay::engine
