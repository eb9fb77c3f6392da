// Reads tensors of a file into tensors on a device.
#include "engine/runtime/executor/weight_loader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "engine/architectures/tensor_names.h"
#include "engine/formats/dequantize.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

constexpr int64_t kStagingFloats = 2 << 20;
// The bytes of a file that are read in one time slice of the threads, for which other models wait.
constexpr int64_t kSliceBytes = 4 << 20;
// The number of elements that a thread takes at once.
constexpr int64_t kPieceFloats = 1 << 15;
// A tile that is transposed at once: one cache line of each row of the result.
constexpr int64_t kTileRows = 16;
constexpr int64_t kTileColumns = 128;

template <typename Shape>
std::string ShapeText(const Shape& shape) {
  return absl::StrCat("[", absl::StrJoin(shape.begin(), shape.end(), ", "), "]");
}

// The first error of several threads.
class FirstError {
 public:
  void Update(const absl::Status& status) {
    if (status.ok()) return;
    const MutexLock lock(mutex_);
    status_.Update(status);
  }
  absl::Status status() {
    const MutexLock lock(mutex_);
    return status_;
  }

 private:
  absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

// Calls work(begin, end) for pieces of [first, last), on all threads.
template <typename Work>
void InPieces(ThreadPool& pool, int64_t first, int64_t last, int64_t grain, const Work& work) {
  pool.Run([&](TeamMember& member) {
    member.For(last - first, grain,
               [&](int64_t begin, int64_t end) { work(first + begin, first + end); });
  });
}

}  // namespace

WeightLoader::WeightLoader(const TensorSource& source, ThreadPool* pool, TimeSliceQueue* turns,
                           Callbacks callbacks)
    : source_(source), pool_(pool), turns_(turns), callbacks_(std::move(callbacks)) {
  for (const StoredTensor& tensor : source.tensors()) {
    total_bytes_ += static_cast<int64_t>(tensor.data.size());
  }
}

absl::StatusOr<WeightLoader::Found> WeightLoader::Find(const std::string& name,
                                                       const std::vector<int64_t>& shape,
                                                       const Layout& layout) const {
  if (callbacks_.context.IsDone()) {
    return absl::CancelledError(absl::StrCat(source_.path(), ": the load was cancelled"));
  }
  std::vector<int64_t> stored = shape;
  if (layout.transposed) std::reverse(stored.begin(), stored.end());
  const StoredTensor* tensor = source_.FindTensor(name);
  if (tensor == nullptr) {
    const UnreadTensor* unread = source_.FindUnread(name);
    if (unread != nullptr) return UnsupportedTypeError(name, unread->type);
    return absl::DataLossError(absl::StrCat(source_.path(), ": tensor ", Quoted(name), " of shape ",
                                            ShapeText(stored), " is missing"));
  }
  if (tensor->shape != stored) {
    return absl::DataLossError(absl::StrCat(
        source_.path(), ": tensor ", Quoted(name), " has shape ", ShapeText(tensor->shape),
        "; the model's configuration requires ", ShapeText(stored)));
  }
  if (tensor->ElementCount() == 0) {
    return absl::DataLossError(absl::StrCat(source_.path(), ": tensor ", Quoted(name), " of shape ",
                                            ShapeText(tensor->shape), " has no elements"));
  }
  const absl::StatusOr<BlockLayout> blocks = LayoutOf(tensor->type);
  if (!blocks.ok()) return UnsupportedTypeError(name, GgmlTypeName(tensor->type));
  Found found{.tensor = tensor, .rows = 1, .row_floats = tensor->ElementCount()};
  if (stored.size() > 1 || !layout.row_order.empty()) {
    found.rows = std::max<int64_t>(1, stored.front());
    found.row_floats /= found.rows;
  }
  found.row_bytes = found.row_floats / blocks->elements * blocks->bytes;
  const bool whole = found.row_floats % blocks->elements == 0 &&
                     found.row_bytes * found.rows == static_cast<int64_t>(tensor->data.size());
  // Columns of a transposed tensor begin within a row, so that its blocks must be single elements.
  if (!whole || (layout.transposed && blocks->elements != 1)) {
    return absl::DataLossError(absl::StrCat(
        source_.path(), ": tensor ", Quoted(name), " of shape ", ShapeText(tensor->shape), " has ",
        tensor->data.size(), " bytes, which are not whole rows of ", GgmlTypeName(tensor->type)));
  }
  RETURN_IF_ERROR(source_.CheckPresent(*tensor));
  return found;
}

absl::Status WeightLoader::UnsupportedTypeError(const std::string& name,
                                                const std::string& type) const {
  const absl::Status status = engine::UnsupportedTypeError(type);
  return {status.code(), absl::StrCat(source_.path(), ": tensor ", Quoted(name), " is stored as ",
                                      type, ": ", status.message())};
}

absl::Status WeightLoader::MarkRead(const StoredTensor& tensor) {
  read_.insert(tensor.name);
  if (only_checks()) return absl::OkStatus();
  RETURN_IF_ERROR(source_.CheckPresent(tensor));
  source_.ReleasePages(tensor);
  read_bytes_ += static_cast<int64_t>(tensor.data.size());
  if (callbacks_.progress) {
    callbacks_.progress(static_cast<double>(read_bytes_) / static_cast<double>(total_bytes_));
  }
  return absl::OkStatus();
}

absl::Status WeightLoader::Read(const std::string& name, const at::Tensor& out,
                                const Layout& layout) {
  ASSIGN_OR_RETURN(const Found found, Find(name, out.sizes().vec(), layout));
  if (!only_checks()) {
    RETURN_IF_ERROR(Decode(found, out, layout));
  }
  return MarkRead(*found.tensor);
}

absl::StatusOr<PackedMatrix> WeightLoader::ReadPacked(const std::string& name, int64_t rows,
                                                      int64_t columns, const Layout& layout,
                                                      const PackChoice& choice) {
  ASSIGN_OR_RETURN(const Found found, Find(name, {rows, columns}, layout));
  const StoredTensor& tensor = *found.tensor;
  const PackedType type = PackedTypeFor(tensor.type, columns, choice.bits, choice.full);
  PackedMatrix matrix(type, rows, columns, &arena_);
  if (PackedMatrix::ExactTypeOf(tensor.type) == type && !layout.transposed) {
    PackStored(found, layout.row_order, &matrix);
  } else {
    RETURN_IF_ERROR(PackFloats(found, layout, &matrix));
  }
  RETURN_IF_ERROR(MarkRead(tensor));
  return matrix;
}

void WeightLoader::PackStored(const Found& found, absl::Span<const int64_t> row_order,
                              PackedMatrix* out) {
  const StoredTensor& tensor = *found.tensor;
  const int64_t grain = std::max<int64_t>(1, kPieceFloats / (out->columns() * kPanelRows));
  const auto pack = [&](int64_t begin, int64_t end) {
    std::array<const std::byte*, kPanelRows> rows{};
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t first = panel * kPanelRows;
      const int64_t count = std::min(kPanelRows, out->rows() - first);
      for (int64_t i = 0; i < count; ++i) {
        const int64_t row =
            row_order.empty() ? first + i : row_order[static_cast<size_t>(first + i)];
        rows[static_cast<size_t>(i)] = tensor.data.data() + row * found.row_bytes;
      }
      out->SetStoredPanel(panel, tensor.type,
                          absl::MakeConstSpan(rows).first(static_cast<size_t>(count)));
    }
  };
  // The file's pages of a large tensor must not all be resident together with its copy.
  const int64_t step = std::max<int64_t>(1, kSliceBytes / (found.row_bytes * kPanelRows));
  for (int64_t first = 0; first < out->panels(); first += step) {
    InPieces(*pool_, first, std::min(first + step, out->panels()), grain, pack);
    source_.ReleasePages(tensor);
  }
}

absl::Status WeightLoader::PackFloats(const Found& found, const Layout& layout, PackedMatrix* out) {
  // Some megabytes of floats are converted at a time.
  const int64_t step = std::max<int64_t>(kStagingFloats / out->columns() / kPanelRows, 1);
  float* const floats = Staging(step * kPanelRows * out->columns());
  for (int64_t first = 0; first < out->panels(); first += step) {
    const int64_t last = std::min(first + step, out->panels());
    const int64_t first_row = first * kPanelRows;
    const int64_t rows = std::min(last * kPanelRows, out->rows()) - first_row;
    RETURN_IF_ERROR(DecodeRows(found, layout, first_row, rows, floats));
    InPieces(*pool_, first, last, 1, [&](int64_t begin, int64_t end) {
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

absl::Status WeightLoader::Decode(const Found& found, const at::Tensor& out, const Layout& layout) {
  // A vector is one row, unless its elements are reordered.
  const int64_t count = layout.transposed ? found.row_floats : found.rows;
  const int64_t floats = out.numel() / count;
  if (out.is_cpu() && out.scalar_type() == at::kFloat) {
    return DecodeRows(found, layout, 0, count, out.data_ptr<float>());
  }
  const int64_t step = std::clamp<int64_t>(kStagingFloats / floats, 1, count);
  float* const staging = Staging(step * floats);
  for (int64_t first = 0; first < count; first += step) {
    const int64_t size = std::min(step, count - first);
    RETURN_IF_ERROR(DecodeRows(found, layout, first, size, staging));
    const TimeSliceLock turn(turns_);
    out.view({count, floats})
        .narrow(0, first, size)
        .copy_(at::from_blob(staging, {size, floats}, at::kFloat));
  }
  return absl::OkStatus();
}

absl::Status WeightLoader::DecodeRows(const Found& found, const Layout& layout, int64_t first,
                                      int64_t count, float* out) {
  if (layout.transposed) return DecodeTransposed(found, first, count, out);
  const auto decode = [&](int64_t row, int64_t rows, float* to) {
    const auto bytes = static_cast<size_t>(rows * found.row_bytes);
    return Dequantize(found.tensor->type,
                      found.tensor->data.subspan(static_cast<size_t>(row * found.row_bytes), bytes),
                      absl::MakeSpan(to, static_cast<size_t>(rows * found.row_floats)));
  };
  FirstError error;
  const int64_t grain = std::max<int64_t>(1, kPieceFloats / found.row_floats);
  InPieces(*pool_, 0, count, grain, [&](int64_t begin, int64_t end) {
    if (layout.row_order.empty()) {
      error.Update(decode(first + begin, end - begin, out + begin * found.row_floats));
      return;
    }
    for (int64_t r = begin; r < end; ++r) {
      error.Update(
          decode(layout.row_order[static_cast<size_t>(first + r)], 1, out + r * found.row_floats));
    }
  });
  source_.ReleasePages(*found.tensor);
  return error.status();
}

absl::Status WeightLoader::DecodeTransposed(const Found& found, int64_t first, int64_t count,
                                            float* out) {
  const GgmlType type = found.tensor->type;
  const int64_t element_bytes = found.row_bytes / found.row_floats;
  FirstError error;
  // Transposes the columns [first, first + count) of the file's rows [begin, end).
  const auto transpose = [&](int64_t begin, int64_t end) {
    std::array<float, kTileRows * kTileColumns> tile{};
    const int64_t rows = end - begin;
    for (int64_t column = 0; column < count; column += kTileColumns) {
      const int64_t columns = std::min(kTileColumns, count - column);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t start = (begin + r) * found.row_bytes + (first + column) * element_bytes;
        error.Update(Dequantize(
            type,
            found.tensor->data.subspan(static_cast<size_t>(start),
                                       static_cast<size_t>(columns * element_bytes)),
            absl::MakeSpan(tile.data() + r * kTileColumns, static_cast<size_t>(columns))));
      }
      for (int64_t c = 0; c < columns; ++c) {
        float* const to = out + (column + c) * found.rows + begin;
        for (int64_t r = 0; r < rows; ++r) to[r] = tile[r * kTileColumns + c];
      }
    }
  };
  const int64_t tiles = (found.rows + kTileRows - 1) / kTileRows;
  const int64_t step = std::max<int64_t>(1, kSliceBytes / (found.row_bytes * kTileRows));
  for (int64_t tile = 0; tile < tiles; tile += step) {
    InPieces(*pool_, tile, std::min(tile + step, tiles), 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        transpose(t * kTileRows, std::min((t + 1) * kTileRows, found.rows));
      }
    });
    source_.ReleasePages(*found.tensor);
  }
  return error.status();
}

float* WeightLoader::Staging(int64_t floats) {
  const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
  if (staging_.size() < bytes) {
    // The old memory is freed before the new one is allocated.
    staging_ = AlignedBuffer();
    staging_ = AlignedBuffer(std::max(bytes, size_t{kStagingFloats} * sizeof(float)));
  }
  return reinterpret_cast<float*>(staging_.data());
}

void WeightLoader::SkipPrefix(std::string_view prefix) {
  for (const StoredTensor& tensor : source_.tensors()) {
    if (tensor.name.starts_with(prefix)) Skip(tensor.name);
  }
  for (const UnreadTensor& tensor : source_.unread()) {
    if (tensor.name.starts_with(prefix)) Skip(tensor.name);
  }
}

absl::Status WeightLoader::CheckAllRead() const {
  const auto check = [this](const std::string& name) -> absl::Status {
    if (read_.contains(name) || TensorNames::IsIgnored(name)) return absl::OkStatus();
    return absl::UnimplementedError(
        absl::StrCat(source_.path(), ": tensor ", Quoted(name),
                     " belongs to a kind of model that is not supported yet"));
  };
  for (const StoredTensor& tensor : source_.tensors()) {
    RETURN_IF_ERROR(check(tensor.name));
  }
  for (const UnreadTensor& tensor : source_.unread()) {
    RETURN_IF_ERROR(check(tensor.name));
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
