// Tensors of a file to tensors on a device. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_WEIGHT_LOADER_H_
#define ASSAY_ENGINE_RUNTIME_WEIGHT_LOADER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/stored_tensor.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/packed_matrix.h"
#include "engine/kernels/thread_pool.h"
#include "engine/runtime/weight_choice.h"

namespace assay::engine {

// Dequantises one tensor at a time straight into its place: no second copy on the CPU in fp32, at
// most 16 MiB of staging elsewhere. The file's pages are released after each tensor. Throws as
// libtorch does. Not thread-safe.
class WeightLoader {
 public:
  struct Callbacks {
    // Fraction of the file's tensor bytes, 0 to 1. May be null.
    std::function<void(double)> progress;
    // True ends the load with CANCELLED. May be null.
    std::function<bool()> cancelled;
  };

  // How a tensor lies in the file.
  struct Layout {
    // Row r of the result (element, for vectors) is row row_order[r] of the file; in file order if
    // empty.
    absl::Span<const int64_t> row_order = {};
    // A matrix whose rows and columns are swapped in the file. Read whole: a copy in fp32 for a
    // moment.
    bool transposed = false;
  };

  // `source` and `pool`, whose threads compute, must outlive the loader.
  WeightLoader(const TensorSource& source, ThreadPool& pool, Callbacks callbacks);

  bool Has(const std::string& name) const { return source_.FindTensor(name) != nullptr; }

  // Fills `out`, contiguous, whose shape must be the tensor's. DATA_LOSS names the tensor, with
  // both shapes.
  absl::Status Read(const std::string& name, const at::Tensor& out, const Layout& layout);

  struct PackChoice {
    WeightBits bits = WeightBits::kAsStored;
    // Of weights that are stored in fp32 or expanded.
    PackedType full = PackedType::kFloat32;
  };
  // The tensor [rows, columns] for the CPU's kernels. Stored types that the kernels read are
  // repacked without loss; the others become 8-bit where the columns suit, else floats. Errors as
  // Read().
  absl::StatusOr<PackedMatrix> ReadPacked(const std::string& name, int64_t rows, int64_t columns,
                                          const Layout& layout, const PackChoice& choice);

  // Counts a tensor as read that is not needed.
  void Skip(const std::string& name) { read_.insert(name); }

  // UNIMPLEMENTED names a tensor of the files that was never read, unless no computation reads such
  // a one: leaving it out would give wrong text.
  absl::Status CheckAllRead() const;

 private:
  // The tensor, if it is there and has this shape.
  absl::StatusOr<const StoredTensor*> Find(const std::string& name, std::vector<int64_t> shape,
                                           bool transposed) const;
  void MarkRead(const StoredTensor& tensor);
  // Of each of the tensor's rows of so many floats; DATA_LOSS if its bytes are not whole rows.
  absl::StatusOr<int64_t> RowBytes(const StoredTensor& tensor, int64_t rows, int64_t floats) const;
  absl::Status PackStored(const StoredTensor& tensor, absl::Span<const int64_t> row_order,
                          PackedMatrix* out);
  absl::Status PackFloats(const StoredTensor& tensor, const Layout& layout, PackedMatrix* out);
  absl::Status Decode(const StoredTensor& tensor, const at::Tensor& out,
                      absl::Span<const int64_t> row_order);
  absl::Status DecodeTransposed(const StoredTensor& tensor, const at::Tensor& out);

  const TensorSource& source_;
  ThreadPool& pool_;
  BufferArena arena_;
  Callbacks callbacks_;
  int64_t total_bytes_ = 0;
  int64_t read_bytes_ = 0;
  absl::flat_hash_set<std::string> read_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_WEIGHT_LOADER_H_
