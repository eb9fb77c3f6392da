// Bytes that begin on a cache line.
#include "engine/kernels/aligned_buffer.h"

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace assay::engine {
namespace {

// Below it a huge page would be mostly empty.
constexpr size_t kHugeFrom = size_t{4} << 20;

}  // namespace

AlignedBuffer::AlignedBuffer(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  void* mapped =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  data_ = std::unique_ptr<std::byte, Unmap>(static_cast<std::byte*>(mapped), Unmap{bytes});
#if defined(MADV_HUGEPAGE)
  // A wish: where it is not granted, small pages serve.
  if (bytes >= kHugeFrom) static_cast<void>(madvise(mapped, bytes, MADV_HUGEPAGE));
#endif
}

void AlignedBuffer::Unmap::operator()(std::byte* data) const { munmap(data, bytes); }

}  // namespace assay::engine
