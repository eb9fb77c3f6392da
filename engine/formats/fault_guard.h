// Keeps the process alive when a page of a mapped file cannot be read.
#ifndef ASSAY_ENGINE_FORMATS_FAULT_GUARD_H_
#define ASSAY_ENGINE_FORMATS_FAULT_GUARD_H_

#include <cstddef>

#include "absl/types/span.h"

namespace assay::engine {

// Guards a read-only mapping of a file while it exists. The kernel raises SIGBUS if a page of a
// mapping lies behind the end of a file that was truncated, or if the disk cannot be read. The
// handler replaces the mapping from that page to its end by zeros and marks the guard as damaged;
// the reading thread continues. A reader must therefore check is_damaged() after it has read.
//
// The first guard installs the handler, for the whole process. The handler passes a SIGBUS at any
// other address on to the handler that it replaced. It takes no lock and allocates nothing.
// Thread-safe.
class FaultGuard {
 public:
  // `mapping` begins at a page boundary and must stay mapped as long as this object exists.
  explicit FaultGuard(absl::Span<const std::byte> mapping);
  ~FaultGuard();

  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  // True if a page could not be read.
  bool is_damaged() const;

  struct Slot;

 private:
  Slot* const slot_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_FAULT_GUARD_H_
