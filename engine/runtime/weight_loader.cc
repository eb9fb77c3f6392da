// Tensors of a file to tensors on a device.
#include "engine/runtime/weight_loader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "engine/architectures/tensor_names.h"
#include "engine/formats/dequantize.h"

namespace assay::engine {
namespace {

constexpr int64_t kStagingFloats = 4 << 20;
// Of a file, between two turns of the threads, which others' requests wait for.
constexpr int64_t kTurnBytes = 4 << 20;
// Elements that a thread takes at once.
constexpr int64_t kPieceFloats = 1 << 15;

template <typename Shape>
std::string ShapeText(const Shape& shape) {
  return absl::StrCat("[", absl::StrJoin(shape.begin(), shape.end(), ", "), "]");
}

// A tensor's stored rows.
struct Rows {
  GgmlType type;
  const std::byte* data;
  int64_t count;
  int64_t bytes;
  int64_t floats;
};

// The first error of several threads.
class FirstError {
 public:
  void Update(const absl::Status& status) {
    if (status.ok()) return;
    const absl::MutexLock lock(&mutex_);
    status_.Update(status);
  }
  absl::Status Take() {
    const absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

absl::Status DecodeRows(const Rows& rows, int64_t source, int64_t count, float* out) {
  return Dequantize(
      rows.type,
      absl::MakeConstSpan(rows.data + source * rows.bytes, static_cast<size_t>(count * rows.bytes)),
      absl::MakeSpan(out, static_cast<size_t>(count * rows.floats)));
}

// Calls work(begin, end) for pieces of [first, last), on all threads.
template <typename Work>
void InPieces(ThreadPool& pool, int64_t first, int64_t last, int64_t grain, const Work& work) {
  pool.Run([&](TeamMember& member) {
    member.For(last - first, grain,
               [&](int64_t begin, int64_t end) { work(first + begin, first + end); });
  });
}

// Rows [first, first + count) of the result, on all threads.
absl::Status DecodeRange(ThreadPool& pool, const Rows& rows, int64_t first, int64_t count,
                         absl::Span<const int64_t> row_order, float* out) {
  FirstError error;
  const int64_t grain = std::max<int64_t>(1, kPieceFloats / rows.floats);
  InPieces(pool, 0, count, grain, [&](int64_t begin, int64_t end) {
    if (row_order.empty()) {
      error.Update(DecodeRows(rows, first + begin, end - begin, out + begin * rows.floats));
      return;
    }
    for (int64_t r = begin; r < end; ++r) {
      const int64_t source = row_order[static_cast<size_t>(first + r)];
      error.Update(DecodeRows(rows, source, 1, out + r * rows.floats));
    }
  });
  return error.Take();
}

}  // namespace

WeightLoader::WeightLoader(const TensorSource& source, ThreadPool& pool, Callbacks callbacks)
    : source_(source), pool_(pool), callbacks_(std::move(callbacks)) {
  for (const StoredTensor& tensor : source.tensors()) {
    total_bytes_ += static_cast<int64_t>(tensor.data.size());
  }
}

absl::StatusOr<const StoredTensor*> WeightLoader::Find(const std::string& name,
                                                       std::vector<int64_t> shape,
                                                       bool transposed) const {
  if (callbacks_.cancelled && callbacks_.cancelled()) {
    return absl::CancelledError(absl::StrCat(source_.path(), ": the load was cancelled"));
  }
  const StoredTensor* tensor = source_.FindTensor(name);
  if (tensor == nullptr) {
    const std::string type = source_.UnreadType(name);
    if (!type.empty()) {
      return absl::UnimplementedError(
          absl::StrCat(source_.path(), ": tensor ", name, " is stored as ", type,
                       ", which is not read yet; F32, F16 and BF16 are"));
    }
    return absl::DataLossError(absl::StrCat(source_.path(), ": tensor ", name, " of shape ",
                                            ShapeText(shape), " is missing"));
  }
  if (transposed) std::reverse(shape.begin(), shape.end());
  if (tensor->shape != shape) {
    return absl::DataLossError(
        absl::StrCat(source_.path(), ": tensor ", name, " has shape ", ShapeText(tensor->shape),
                     "; the model's configuration asks for ", ShapeText(shape)));
  }
  if (absl::Status present = source_.CheckPresent(*tensor); !present.ok()) return present;
  return tensor;
}

void WeightLoader::MarkRead(const StoredTensor& tensor) {
  source_.ReleasePages(tensor);
  read_.insert(tensor.name);
  read_bytes_ += static_cast<int64_t>(tensor.data.size());
  if (callbacks_.progress) {
    callbacks_.progress(static_cast<double>(read_bytes_) / static_cast<double>(total_bytes_));
  }
}

absl::Status WeightLoader::Read(const std::string& name, const at::Tensor& out,
                                const Layout& layout) {
  const absl::StatusOr<const StoredTensor*> tensor =
      Find(name, out.sizes().vec(), layout.transposed);
  if (!tensor.ok()) return tensor.status();
  absl::Status decoded =
      layout.transposed ? DecodeTransposed(**tensor, out) : Decode(**tensor, out, layout.row_order);
  if (!decoded.ok()) return decoded;
  MarkRead(**tensor);
  return absl::OkStatus();
}

absl::StatusOr<PackedMatrix> WeightLoader::ReadPacked(const std::string& name, int64_t rows,
                                                      int64_t columns, const Layout& layout,
                                                      const PackChoice& choice) {
  const absl::StatusOr<const StoredTensor*> found = Find(name, {rows, columns}, layout.transposed);
  if (!found.ok()) return found.status();
  const StoredTensor& tensor = **found;
  const PackedType type = PackedTypeFor(tensor.type, columns, choice.bits, choice.full);
  PackedMatrix matrix(type, rows, columns, &arena_);
  const bool as_stored = PackedMatrix::ExactTypeOf(tensor.type) == type && !layout.transposed;
  absl::Status packed = as_stored ? PackStored(tensor, layout.row_order, &matrix)
                                  : PackFloats(tensor, layout, &matrix);
  if (!packed.ok()) return packed;
  MarkRead(tensor);
  return matrix;
}

absl::Status WeightLoader::PackStored(const StoredTensor& tensor,
                                      absl::Span<const int64_t> row_order, PackedMatrix* out) {
  const absl::StatusOr<int64_t> row_size = RowBytes(tensor, out->rows(), out->columns());
  if (!row_size.ok()) return row_size.status();
  const int64_t row_bytes = *row_size;
  const int64_t grain = std::max<int64_t>(1, kPieceFloats / (out->columns() * kPanelRows));
  const auto pack = [&](int64_t begin, int64_t end) {
    std::array<const std::byte*, kPanelRows> rows{};
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t first = panel * kPanelRows;
      const int64_t count = std::min(kPanelRows, out->rows() - first);
      for (int64_t i = 0; i < count; ++i) {
        const int64_t row =
            row_order.empty() ? first + i : row_order[static_cast<size_t>(first + i)];
        rows[static_cast<size_t>(i)] = tensor.data.data() + row * row_bytes;
      }
      out->SetStoredPanel(panel, tensor.type,
                          absl::MakeConstSpan(rows).first(static_cast<size_t>(count)));
    }
  };
  // The file's pages of a large tensor must not all be resident beside its copy.
  const int64_t step = std::max<int64_t>(1, kTurnBytes / (row_bytes * kPanelRows));
  for (int64_t first = 0; first < out->panels(); first += step) {
    InPieces(pool_, first, std::min(first + step, out->panels()), grain, pack);
    source_.ReleasePages(tensor);
  }
  return absl::OkStatus();
}

absl::Status WeightLoader::PackFloats(const StoredTensor& tensor, const Layout& layout,
                                      PackedMatrix* out) {
  // Some megabytes of floats at a time.
  const int64_t step = std::max<int64_t>(kStagingFloats / out->columns() / kPanelRows, 1);
  at::Tensor whole;
  if (layout.transposed) {
    whole = at::empty({out->rows(), out->columns()}, at::kFloat);
    if (absl::Status decoded = DecodeTransposed(tensor, whole); !decoded.ok()) return decoded;
  }
  const absl::StatusOr<int64_t> row_bytes = RowBytes(tensor, out->rows(), out->columns());
  if (!row_bytes.ok()) return row_bytes.status();
  const Rows stored{tensor.type, tensor.data.data(), out->rows(), *row_bytes, out->columns()};
  const at::Tensor staging =
      layout.transposed
          ? at::Tensor()
          : at::empty({std::min(step * kPanelRows, out->rows()), out->columns()}, at::kFloat);
  for (int64_t first = 0; first < out->panels(); first += step) {
    const int64_t last = std::min(first + step, out->panels());
    const int64_t first_row = first * kPanelRows;
    const int64_t rows = std::min(last * kPanelRows, out->rows()) - first_row;
    const float* floats = nullptr;
    if (layout.transposed) {
      floats = whole.const_data_ptr<float>() + first_row * out->columns();
    } else {
      absl::Status decoded =
          DecodeRange(pool_, stored, first_row, rows, layout.row_order, staging.data_ptr<float>());
      if (!decoded.ok()) return decoded;
      floats = staging.const_data_ptr<float>();
      source_.ReleasePages(tensor);
    }
    InPieces(pool_, first, last, 1, [&](int64_t begin, int64_t end) {
      std::array<const float*, kPanelRows> lines{};
      for (int64_t panel = begin; panel < end; ++panel) {
        const int64_t row = panel * kPanelRows - first_row;
        const int64_t count = std::min(kPanelRows, rows - row);
        for (int64_t i = 0; i < count; ++i) {
          lines[static_cast<size_t>(i)] = floats + (row + i) * out->columns();
        }
        out->SetPanel(panel, absl::MakeConstSpan(lines).first(static_cast<size_t>(count)));
      }
    });
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> WeightLoader::RowBytes(const StoredTensor& tensor, int64_t rows,
                                               int64_t floats) const {
  const absl::StatusOr<BlockLayout> layout = LayoutOf(tensor.type);
  if (!layout.ok()) return layout.status();
  const int64_t bytes = floats / layout->elements * layout->bytes;
  const bool whole =
      floats % layout->elements == 0 && bytes * rows == static_cast<int64_t>(tensor.data.size());
  if (whole) return bytes;
  return absl::DataLossError(absl::StrCat(
      source_.path(), ": tensor ", tensor.name, " of shape ", ShapeText(tensor.shape), " has ",
      tensor.data.size(), " bytes, which are not whole rows of ", GgmlTypeName(tensor.type)));
}

absl::Status WeightLoader::Decode(const StoredTensor& tensor, const at::Tensor& out,
                                  absl::Span<const int64_t> row_order) {
  const int64_t count = out.dim() == 1 && row_order.empty() ? 1 : std::max<int64_t>(1, out.size(0));
  const int64_t floats = out.numel() / count;
  const absl::StatusOr<int64_t> bytes = RowBytes(tensor, count, floats);
  if (!bytes.ok()) return bytes.status();
  const Rows rows{tensor.type, tensor.data.data(), count, *bytes, floats};
  if (out.is_cpu() && out.scalar_type() == at::kFloat) {
    return DecodeRange(pool_, rows, 0, count, row_order, out.data_ptr<float>());
  }
  const int64_t step = std::clamp<int64_t>(kStagingFloats / floats, 1, count);
  const at::Tensor staging = at::empty({step, floats}, at::kFloat);
  const at::Tensor target = out.view({count, floats});
  for (int64_t first = 0; first < count; first += step) {
    const int64_t size = std::min(step, count - first);
    absl::Status decoded =
        DecodeRange(pool_, rows, first, size, row_order, staging.data_ptr<float>());
    if (!decoded.ok()) return decoded;
    target.narrow(0, first, size).copy_(staging.narrow(0, 0, size));
  }
  return absl::OkStatus();
}

absl::Status WeightLoader::DecodeTransposed(const StoredTensor& tensor, const at::Tensor& out) {
  const at::Tensor staging = at::empty({out.size(1), out.size(0)}, at::kFloat);
  absl::Status decoded = Decode(tensor, staging, {});
  if (decoded.ok()) out.copy_(staging.t());
  return decoded;
}

absl::Status WeightLoader::CheckAllRead() const {
  for (const StoredTensor& tensor : source_.tensors()) {
    if (read_.contains(tensor.name) || TensorNames::IsIgnored(tensor.name)) continue;
    return absl::UnimplementedError(absl::StrCat(source_.path(), ": tensor ", tensor.name,
                                                 " belongs to a kind of model not read yet"));
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
