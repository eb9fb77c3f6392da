// Reads tensors of a file into tensors on a device. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_LOADER_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_LOADER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "engine/formats/stored_tensor.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/packed_matrix.h"
#include "engine/runtime/executor/weight_choice.h"
#include "engine/threads/thread_pool.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

// Dequantizes one tensor at a time directly into its destination. It needs no second copy for fp32
// on the CPU, and a few MiB of staging memory otherwise. Staging is one mapping for the whole load,
// because malloc would keep freed memory. The file's pages are released as they are read. Throws
// the exceptions of libtorch. Not thread-safe.
class WeightLoader {
 public:
  struct Callbacks {
    // Called with the fraction of the file's tensor bytes that are read, 0 to 1. May be null.
    std::function<void(double)> progress;
    // If it is done, the load ends with CANCELLED.
    CallContext context;
  };

  // The layout of a tensor in the file.
  struct Layout {
    // Row r of the result (for vectors, element r) is row row_order[r] of the file. If it is empty,
    // the order is that of the file.
    absl::Span<const int64_t> row_order = {};
    // True if rows and columns of the matrix are swapped in the file.
    bool transposed = false;
  };

  // `source` and `pool`, whose threads compute, must outlive the loader. If `pool` is null, the
  // loader only checks the requested tensors and reads nothing. `turns` is the queue of the device
  // of the tensors (device_turns.h); null if they are on the CPU and only the load uses them.
  WeightLoader(const TensorSource& source, ThreadPool* pool, TimeSliceQueue* turns,
               Callbacks callbacks);

  bool only_checks() const { return pool_ == nullptr; }
  TimeSliceQueue* turns() const { return turns_; }
  bool Has(const std::string& name) const { return source_.Contains(name); }

  // Fills `out`, which must be contiguous and have the tensor's shape. DATA_LOSS: the tensor is
  // missing, has another shape or has no elements; the message names it with both shapes.
  // UNIMPLEMENTED: its stored type is not supported.
  absl::Status Read(const std::string& name, const at::Tensor& out, const Layout& layout);

  struct PackChoice {
    WeightBits bits = WeightBits::kAsStored;
    // The type of weights that are stored in fp32 or expanded.
    PackedType full = PackedType::kFloat32;
  };
  // Reads the tensor [rows, columns] and packs it for the CPU's kernels. Stored types that the
  // kernels support are repacked without loss. Others become kInt8 if the number of columns allows
  // that, else floats. Needs a pool. Errors as Read().
  absl::StatusOr<PackedMatrix> ReadPacked(const std::string& name, int64_t rows, int64_t columns,
                                          const Layout& layout, const PackChoice& choice);

  // Marks a tensor that is not needed as read.
  void Skip(const std::string& name) { read_.insert(name); }
  // Does so for all tensors whose names begin with `prefix`.
  void SkipPrefix(std::string_view prefix);

  // Returns UNIMPLEMENTED with the name of a tensor of the files, of any type, that was not read.
  // Ignoring it would give wrong text. Tensors that no computation needs are exempt.
  absl::Status CheckAllRead() const;

 private:
  // A tensor of the source and the size of its rows.
  struct Found {
    const StoredTensor* tensor;
    int64_t rows;
    int64_t row_floats;
    int64_t row_bytes;
  };

  // Returns the tensor if it exists, is not empty, and has this shape and a supported type.
  absl::StatusOr<Found> Find(const std::string& name, const std::vector<int64_t>& shape,
                             const Layout& layout) const;
  absl::Status UnsupportedTypeError(const std::string& name, const std::string& type) const;
  // Must be called after a tensor was read. Errors as TensorSource::CheckPresent().
  absl::Status MarkRead(const StoredTensor& tensor);
  void PackStored(const Found& found, absl::Span<const int64_t> row_order, PackedMatrix* out);
  absl::Status PackFloats(const Found& found, const Layout& layout, PackedMatrix* out);
  absl::Status Decode(const Found& found, const at::Tensor& out, const Layout& layout);
  // Decodes the rows [first, first + count) of the result on all threads, then releases the file's
  // pages.
  absl::Status DecodeRows(const Found& found, const Layout& layout, int64_t first, int64_t count,
                          float* out);
  absl::Status DecodeTransposed(const Found& found, int64_t first, int64_t count, float* out);
  // Returns memory for so many floats, valid until the next call.
  float* Staging(int64_t floats);

  const TensorSource& source_;
  ThreadPool* const pool_;
  TimeSliceQueue* const turns_;
  BufferArena arena_;
  AlignedBuffer staging_;
  Callbacks callbacks_;
  int64_t total_bytes_ = 0;
  int64_t read_bytes_ = 0;
  absl::flat_hash_set<std::string> read_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_LOADER_H_
