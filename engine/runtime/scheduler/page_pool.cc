// The KV pages of one executor and their reference counts.
#include "engine/runtime/scheduler/page_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>

namespace assay::engine {

PagePool::PagePool(int64_t pages)
    : references_(static_cast<size_t>(pages), 0), free_(static_cast<size_t>(pages)) {
  // A sorted sequence is a valid heap.
  std::iota(free_.begin(), free_.end(), 0);
}

void PagePool::Reset() {
  // Neither vector grows beyond the capacity that it was made with.
  std::fill(references_.begin(), references_.end(), 0);
  free_.resize(references_.size());
  std::iota(free_.begin(), free_.end(), 0);
}

std::optional<int32_t> PagePool::Allocate() {
  if (free_.empty()) return std::nullopt;
  std::pop_heap(free_.begin(), free_.end(), std::greater<>());
  const int32_t page = free_.back();
  free_.pop_back();
  references_[static_cast<size_t>(page)] = 1;
  return page;
}

void PagePool::AddReference(int32_t page) { ++references_[static_cast<size_t>(page)]; }

void PagePool::Release(int32_t page) {
  if (--references_[static_cast<size_t>(page)] > 0) return;
  free_.push_back(page);
  std::push_heap(free_.begin(), free_.end(), std::greater<>());
}

}  // namespace assay::engine
