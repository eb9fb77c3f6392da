// The order in which a device computes the chunks of a step. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_STEP_LAYOUT_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_STEP_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/runtime/scheduler/model_executor.h"

namespace assay::engine {

// Returns a number of keys of at least `length` at which attention is computed. There are four of
// them between two powers of two, so that a growing sequence needs few different shapes: MPS
// compiles a graph for each.
int64_t PaddedKeys(int64_t length);

// Every index that a step needs on the device, in one array that is copied at once. The rows of the
// hidden states are ordered by groups, so that the attention of a group is one product over
// consecutive rows. Building it is cheap.
struct StepLayout {
  // A part of `values`.
  struct Range {
    int64_t begin = 0;
    int64_t size = 0;
  };
  // The keys that a group attends to in the layers of one kind.
  struct Keys {
    // The keys of each sequence, padded.
    int64_t length = 0;
    // The slots of the keys, [sequences * length]. Padding repeats the sequence's first key, so
    // that no other sequence's values are read.
    Range slots;
    // The position of each sequence's first key, [sequences].
    Range begins;
  };
  // Chunks with the same number of tokens.
  struct Group {
    // The first row of the hidden states.
    int64_t row = 0;
    int64_t sequences = 0;
    // The tokens of each sequence.
    int64_t tokens = 0;
    Keys keys;
    // For layers with a sliding window; empty if the model has none.
    Keys window_keys;
  };

  // Adds numbers and returns where they are.
  Range Add(absl::Span<const int64_t> numbers);

  int64_t rows() const { return positions.size; }

  std::vector<int64_t> values;
  // One per row: the token, its position, its slot in the KV cache.
  Range tokens;
  Range positions;
  Range slots;
  // The rows after which logits are computed, in the order of the chunks.
  Range logit_rows;
  std::vector<Group> groups;
  // The indices of the chunks in the order of their rows.
  std::vector<size_t> order;
};

// Lays out `chunks`. `window` is the number of positions that layers with a sliding window attend
// to; 0 if the model has no such layers. Chunks of one token are grouped by their lengths: the
// padded keys of a group have at most four times the length of each of its sequences, or 64. Other
// chunks are groups of their own.
StepLayout LayOut(absl::Span<const SequenceChunk> chunks, int64_t window);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_STEP_LAYOUT_H_
