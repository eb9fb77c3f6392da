// Memory that is aligned to cache lines.
#include "engine/kernels/aligned_buffer.h"

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace assay::engine {
namespace {

#if defined(MADV_HUGEPAGE)
// For a smaller buffer most of a huge page would be empty.
constexpr size_t kHugeFrom = size_t{4} << 20;
#endif
constexpr size_t kChunk = size_t{32} << 20;
constexpr size_t kLine = 64;

}  // namespace

AlignedBuffer::AlignedBuffer(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  void* mapped =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  data_ = std::shared_ptr<std::byte>(static_cast<std::byte*>(mapped),
                                     [bytes](std::byte* data) { munmap(data, bytes); });
#if defined(MADV_HUGEPAGE)
  // A hint: without huge pages the buffer works as well.
  if (bytes >= kHugeFrom) static_cast<void>(madvise(mapped, bytes, MADV_HUGEPAGE));
#endif
}

AlignedBuffer BufferArena::Allocate(size_t bytes) {
  const size_t needed = (bytes + kLine - 1) / kLine * kLine;
  if (needed > kChunk / 2) return AlignedBuffer(bytes);
  if (used_ + needed > chunk_.size()) {
    chunk_ = AlignedBuffer(kChunk);
    used_ = 0;
  }
  AlignedBuffer cut;
  cut.bytes_ = bytes;
  cut.data_ = std::shared_ptr<std::byte>(chunk_.data_, chunk_.data() + used_);
  used_ += needed;
  return cut;
}

}  // namespace assay::engine
