// Bytes that begin on a cache line.
#ifndef ASSAY_ENGINE_KERNELS_ALIGNED_BUFFER_H_
#define ASSAY_ENGINE_KERNELS_ALIGNED_BUFFER_H_

#include <cstddef>
#include <memory>

namespace assay::engine {

// Zeros at first, pages become resident as they are written. Large ones ask the kernel for huge
// pages. Throws std::bad_alloc.
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
  // Of a mapping that buffers of one arena share.
  std::shared_ptr<std::byte> data_;
};

// Cuts buffers out of large ones, so that many of less than a huge page lie in huge pages. A
// buffer's memory is freed with the last of those that it was cut with. Not thread-safe.
class BufferArena {
 public:
  // Throws std::bad_alloc.
  AlignedBuffer Take(size_t bytes);

 private:
  AlignedBuffer chunk_;
  size_t used_ = 0;
};

// The same as an array of T, whose values may be all zero bytes.
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
