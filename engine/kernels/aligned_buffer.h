// Memory that is aligned to cache lines.
#ifndef ASSAY_ENGINE_KERNELS_ALIGNED_BUFFER_H_
#define ASSAY_ENGINE_KERNELS_ALIGNED_BUFFER_H_

#include <cstddef>
#include <memory>

namespace assay::engine {

// A buffer of bytes, initially zero. Its pages become resident as they are written. A large buffer
// asks the operating system for huge pages. Construction throws std::bad_alloc.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes);

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  size_t size() const { return bytes_; }

 private:
  friend class BufferArena;

  size_t bytes_ = 0;
  // Owns the mapping; buffers of one arena may share it.
  std::shared_ptr<std::byte> data_;
};

// Allocates buffers from large chunks, so that buffers smaller than a huge page lie in huge pages.
// A chunk is freed with the last of its buffers. Not thread-safe.
class BufferArena {
 public:
  // Throws std::bad_alloc.
  AlignedBuffer Allocate(size_t bytes);

 private:
  AlignedBuffer chunk_;
  size_t used_ = 0;
};

// An aligned array of T. All-zero bytes must be a valid T.
template <typename T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(size_t count) : bytes_(count * sizeof(T)) {}

  T* data() { return reinterpret_cast<T*>(bytes_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(bytes_.data()); }
  size_t size() const { return bytes_.size() / sizeof(T); }

 private:
  AlignedBuffer bytes_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ALIGNED_BUFFER_H_
