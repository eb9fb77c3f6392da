// Which pages of keys and values are in use, and by how many.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_PAGE_POOL_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_PAGE_POOL_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace assay::engine {

// Counts the users of each page of an executor. Cheap. Not thread-safe.
class PagePool {
 public:
  explicit PagePool(int64_t pages);

  // A free page, with one user now; none if all are in use. The lowest first: sequences lie close
  // together.
  std::optional<int32_t> Take();
  // One more user of a page that is in use.
  void Share(int32_t page);
  // One less; without any the page is free.
  void Release(int32_t page);

  int users(int32_t page) const { return users_[static_cast<size_t>(page)]; }
  int64_t free() const { return static_cast<int64_t>(free_.size()); }
  int64_t size() const { return static_cast<int64_t>(users_.size()); }

 private:
  std::vector<int> users_;
  // A heap, the lowest on top.
  std::vector<int32_t> free_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_PAGE_POOL_H_
