// Tensors of a file to tensors on a device.
#include "engine/runtime/weight_loader.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
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
// Elements below which a thread of its own costs more than it saves.
constexpr int64_t kParallelFloats = 1 << 15;

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

// Rows [first, first + count) of the result, on all threads.
absl::Status DecodeRange(const Rows& rows, int64_t first, int64_t count,
                         absl::Span<const int64_t> row_order, float* out) {
  FirstError error;
  const int64_t grain = std::max<int64_t>(1, kParallelFloats / rows.floats);
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
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

WeightLoader::WeightLoader(const TensorSource& source, Callbacks callbacks)
    : source_(source), callbacks_(std::move(callbacks)) {
  for (const StoredTensor& tensor : source.tensors()) {
    total_bytes_ += static_cast<int64_t>(tensor.data.size());
  }
}

absl::Status WeightLoader::Read(const std::string& name, const at::Tensor& out,
                                const Layout& layout) {
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
                                            ShapeText(out.sizes()), " is missing"));
  }
  std::vector<int64_t> wanted = out.sizes().vec();
  if (layout.transposed) std::reverse(wanted.begin(), wanted.end());
  if (tensor->shape != wanted) {
    return absl::DataLossError(
        absl::StrCat(source_.path(), ": tensor ", name, " has shape ", ShapeText(tensor->shape),
                     "; the model's configuration asks for ", ShapeText(wanted)));
  }
  absl::Status decoded =
      layout.transposed ? DecodeTransposed(*tensor, out) : Decode(*tensor, out, layout.row_order);
  if (!decoded.ok()) return decoded;
  source_.ReleasePages(*tensor);
  read_.insert(tensor->name);
  read_bytes_ += static_cast<int64_t>(tensor->data.size());
  if (callbacks_.progress) {
    callbacks_.progress(static_cast<double>(read_bytes_) / static_cast<double>(total_bytes_));
  }
  return absl::OkStatus();
}

absl::Status WeightLoader::Decode(const StoredTensor& tensor, const at::Tensor& out,
                                  absl::Span<const int64_t> row_order) {
  const absl::StatusOr<BlockLayout> layout = LayoutOf(tensor.type);
  if (!layout.ok()) return layout.status();
  const int64_t count = out.dim() == 1 && row_order.empty() ? 1 : std::max<int64_t>(1, out.size(0));
  const int64_t floats = out.numel() / count;
  const int64_t bytes = floats / layout->elements * layout->bytes;
  if (floats % layout->elements != 0 || bytes * count != static_cast<int64_t>(tensor.data.size())) {
    return absl::DataLossError(absl::StrCat(
        source_.path(), ": tensor ", tensor.name, " of shape ", ShapeText(tensor.shape), " has ",
        tensor.data.size(), " bytes, which are not whole rows of ", GgmlTypeName(tensor.type)));
  }
  const Rows rows{tensor.type, tensor.data.data(), count, bytes, floats};
  if (out.is_cpu() && out.scalar_type() == at::kFloat) {
    return DecodeRange(rows, 0, count, row_order, out.data_ptr<float>());
  }
  const int64_t step = std::clamp<int64_t>(kStagingFloats / floats, 1, count);
  const at::Tensor staging = at::empty({step, floats}, at::kFloat);
  const at::Tensor target = out.view({count, floats});
  for (int64_t first = 0; first < count; first += step) {
    const int64_t size = std::min(step, count - first);
    absl::Status decoded = DecodeRange(rows, first, size, row_order, staging.data_ptr<float>());
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
