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
  struct Unmap {
    size_t bytes;
    void operator()(std::byte* data) const;
  };
  size_t bytes_ = 0;
  std::unique_ptr<std::byte, Unmap> data_ = {nullptr, Unmap{0}};
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
