// The tokens with the largest logits. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_LARGEST_LOGITS_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_LARGEST_LOGITS_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

struct TokenLogit {
  float logit = 0.0F;
  TokenId token = 0;
};

// Sets `largest` to the `count` tokens with the largest logits, [vocab], or to all if there are
// fewer: the largest first, and the lowest ids first among equal ones. `count` must be at least 1.
// The logits must not have NaN. Costs one pass over the row.
void SelectLargest(absl::Span<const float> logits, size_t count, std::vector<TokenLogit>* largest);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_LARGEST_LOGITS_H_
