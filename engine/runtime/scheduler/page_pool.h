// The KV pages of one executor and their reference counts.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_PAGE_POOL_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_PAGE_POOL_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace assay::engine {

// Hands out the KV pages of an executor and counts the references to each of them. It holds page
// numbers, not memory. Cheap. Not thread-safe.
class PagePool {
 public:
  explicit PagePool(int64_t pages);

  // Returns a free page, which then has one reference; nullopt if all pages are in use. The page
  // with the lowest number is first, so that sequences lie close together in memory.
  std::optional<int32_t> Allocate();
  // Adds a reference to a page that is in use.
  void AddReference(int32_t page);
  // Removes a reference. A page without references is free.
  void Release(int32_t page);

  // Frees all pages. Needs no memory.
  void Reset();

  int references(int32_t page) const { return references_[static_cast<size_t>(page)]; }
  // The number of free pages.
  int64_t free() const { return static_cast<int64_t>(free_.size()); }
  // The number of all pages.
  int64_t size() const { return static_cast<int64_t>(references_.size()); }

 private:
  std::vector<int> references_;
  // A min-heap of page numbers.
  std::vector<int32_t> free_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_PAGE_POOL_H_
