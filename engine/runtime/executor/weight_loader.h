// Tensors of a file to tensors on a device. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_LOADER_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_LOADER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
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

namespace assay::engine {

// Dequantizes one tensor at a time straight into its place: no second copy on the CPU in fp32, a
// few MiB of staging elsewhere, which are one mapping for the whole load: malloc would keep what it
// was given back. The file's pages are released as they are read. Throws as libtorch does. Not
// thread-safe.
class WeightLoader {
 public:
  struct Callbacks {
    // Fraction of the file's tensor bytes, 0 to 1. May be null.
    std::function<void(double)> progress;
    // True ends the load with CANCELLED. May be null.
    CallContext context;
  };

  // How a tensor lies in the file.
  struct Layout {
    // Row r of the result (element, for vectors) is row row_order[r] of the file; in file order if
    // empty.
    absl::Span<const int64_t> row_order = {};
    // A matrix whose rows and columns are swapped in the file.
    bool transposed = false;
  };

  // `source` and `pool`, whose threads compute, must outlive the loader. Without a pool it only
  // checks what it is asked for, and reads nothing.
  WeightLoader(const TensorSource& source, ThreadPool* pool, Callbacks callbacks);

  bool only_checks() const { return pool_ == nullptr; }
  bool Has(const std::string& name) const { return source_.Contains(name); }

  // Fills `out`, contiguous, whose shape must be the tensor's. DATA_LOSS names the tensor, with
  // both shapes, also where it has no elements; UNIMPLEMENTED names its stored type.
  absl::Status Read(const std::string& name, const at::Tensor& out, const Layout& layout);

  struct PackChoice {
    WeightBits bits = WeightBits::kAsStored;
    // Of weights that are stored in fp32 or expanded.
    PackedType full = PackedType::kFloat32;
  };
  // The tensor [rows, columns] for the CPU's kernels. Stored types that the kernels read are
  // repacked without loss; the others become 8-bit where the columns suit, else floats. Errors as
  // Read(). Needs a pool.
  absl::StatusOr<PackedMatrix> ReadPacked(const std::string& name, int64_t rows, int64_t columns,
                                          const Layout& layout, const PackChoice& choice);

  // Counts a tensor as read that is not needed.
  void Skip(const std::string& name) { read_.insert(name); }

  // UNIMPLEMENTED names a tensor of the files, of whatever type, that was never read, unless no
  // computation reads such a one: leaving it out would give wrong text.
  absl::Status CheckAllRead() const;

 private:
  // A tensor of the source as the rows that it is stored in.
  struct Found {
    const StoredTensor* tensor;
    int64_t rows;
    int64_t row_floats;
    int64_t row_bytes;
  };

  // The tensor, if it is there, of a type that is read, not empty, and has this shape.
  absl::StatusOr<Found> Find(const std::string& name, const std::vector<int64_t>& shape,
                             const Layout& layout) const;
  absl::Status Unread(const std::string& name, const std::string& type) const;
  void MarkRead(const StoredTensor& tensor);
  void PackStored(const Found& found, absl::Span<const int64_t> row_order, PackedMatrix* out);
  absl::Status PackFloats(const Found& found, const Layout& layout, PackedMatrix* out);
  absl::Status Decode(const Found& found, const at::Tensor& out, const Layout& layout);
  // Rows [first, first + count) of the result, on all threads; then lets the file's pages go.
  absl::Status DecodeRows(const Found& found, const Layout& layout, int64_t first, int64_t count,
                          float* out);
  absl::Status DecodeTransposed(const Found& found, int64_t first, int64_t count, float* out);
  // For so many floats, until the next call.
  float* Staging(int64_t floats);

  const TensorSource& source_;
  ThreadPool* const pool_;
  BufferArena arena_;
  AlignedBuffer staging_;
  Callbacks callbacks_;
  int64_t total_bytes_ = 0;
  int64_t read_bytes_ = 0;
  absl::flat_hash_set<std::string> read_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_LOADER_H_
