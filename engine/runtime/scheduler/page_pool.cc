// Which pages of keys and values are in use.
#include "engine/runtime/scheduler/page_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>

namespace assay::engine {

PagePool::PagePool(int64_t pages)
    : users_(static_cast<size_t>(pages), 0), free_(static_cast<size_t>(pages)) {
  // Sorted, and so a heap.
  std::iota(free_.begin(), free_.end(), 0);
}

std::optional<int32_t> PagePool::Take() {
  if (free_.empty()) return std::nullopt;
  std::pop_heap(free_.begin(), free_.end(), std::greater<>());
  const int32_t page = free_.back();
  free_.pop_back();
  users_[static_cast<size_t>(page)] = 1;
  return page;
}

void PagePool::Share(int32_t page) { ++users_[static_cast<size_t>(page)]; }

void PagePool::Release(int32_t page) {
  if (--users_[static_cast<size_t>(page)] > 0) return;
  free_.push_back(page);
  std::push_heap(free_.begin(), free_.end(), std::greater<>());
}

}  // namespace assay::engine
