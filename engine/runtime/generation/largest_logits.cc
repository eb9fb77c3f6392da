// The tokens with the largest logits.
#include "engine/runtime/generation/largest_logits.h"

#include <algorithm>

namespace assay::engine {
namespace {

bool LargerFirst(const TokenLogit& a, const TokenLogit& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

}  // namespace

void SelectLargest(absl::Span<const float> logits, size_t count, std::vector<TokenLogit>* largest) {
  // A heap with the smallest logit on top.
  largest->clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    const bool full = largest->size() == count;
    // Among equal logits the first stay.
    if (full && logits[i] <= largest->front().logit) continue;
    if (full) {
      std::pop_heap(largest->begin(), largest->end(), LargerFirst);
      largest->pop_back();
    }
    largest->push_back({.logit = logits[i], .token = static_cast<TokenId>(i)});
    std::push_heap(largest->begin(), largest->end(), LargerFirst);
  }
  std::sort_heap(largest->begin(), largest->end(), LargerFirst);
}

}  // namespace assay::engine
