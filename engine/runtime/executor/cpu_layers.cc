// Building blocks of the CPU's executor.
#include "engine/runtime/executor/cpu_layers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/kernels/row_ops.h"

namespace assay::engine {
namespace {

// The number of pieces of a product per member: enough to balance members of different speed, fewer
// if a piece is small.
constexpr int64_t kPiecesPerMember = 4;
constexpr int64_t kPiecesOfManyRows = 12;
constexpr int64_t kManyRows = 32;
// The number of panels that a product computes together.
constexpr int64_t kPanelPair = 2;
constexpr int64_t kRowPieces = 8;

const float* DataOf(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

// Multiplies by the panels [begin, end) of one part, whose first row is column `first` of the
// result.
void MultiplyPart(const PackedMatrix& part, int64_t begin, int64_t end, int64_t first,
                  LayerInput& input, int64_t rows, const FloatRows& out) {
  const FloatRows columns = {.data = out.data + first, .stride = out.stride};
  if (IsQuantized(part.type())) {
    MultiplyQuantized(part, begin, end, input.quantized(), rows, columns);
  } else {
    MultiplyFloats(part, begin, end, input.floats(), rows, columns);
  }
}

void AddBias(const float* bias, int64_t begin, int64_t end, int64_t rows, const FloatRows& out) {
  for (int64_t row = 0; row < rows; ++row) AddRow(bias + begin, end - begin, out.row(row) + begin);
}

}  // namespace

LayerInput::LayerInput(int64_t max_rows, int64_t columns)
    : columns_(columns), floats_(static_cast<size_t>(max_rows * columns)) {
  if (columns % kGroup == 0) quantized_ = QuantizedRows(max_rows, columns);
}

void LayerInput::Finish(int64_t row, int64_t begin, int64_t end) {
  if (quantized_.groups() == 0) return;
  quantized_.Set(row, floats().row(row), begin / kGroup, end / kGroup);
}

void Project(TeamMember& member, absl::Span<const PackedMatrix> parts, const at::Tensor& bias,
             LayerInput& input, int64_t rows, const FloatRows& out) {
  int64_t panels = 0;
  for (const PackedMatrix& part : parts) panels += part.panels();
  const float* added = DataOf(bias);
  const int64_t pieces = (rows < kManyRows ? kPiecesPerMember : kPiecesOfManyRows) * member.size();
  const int64_t grain = std::max<int64_t>(1, panels / pieces / kPanelPair * kPanelPair);
  member.For(panels, grain, [&](int64_t begin, int64_t end) {
    int64_t before = 0;
    int64_t first = 0;
    for (const PackedMatrix& part : parts) {
      const int64_t from = std::clamp<int64_t>(begin - before, 0, part.panels());
      const int64_t to = std::clamp<int64_t>(end - before, 0, part.panels());
      if (from < to) {
        MultiplyPart(part, from, to, first, input, rows, out);
        if (added != nullptr) {
          AddBias(added, first + from * kPanelRows, first + std::min(to * kPanelRows, part.rows()),
                  rows, out);
        }
      }
      before += part.panels();
      first += part.rows();
    }
  });
}

void ForRows(TeamMember& member, int64_t rows, absl::FunctionRef<void(int64_t)> work) {
  const int64_t grain = std::max<int64_t>(1, rows / (kRowPieces * member.size()));
  member.For(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) work(row);
  });
}

void NormRow(const ModelSpec& spec, const NormWeights& norm, const float* row, float* out) {
  const auto epsilon = static_cast<float>(spec.norm_epsilon);
  if (spec.norm == NormKind::kRms) {
    RmsNorm(row, DataOf(norm.weight), spec.hidden, epsilon, out);
  } else {
    LayerNorm(row, DataOf(norm.weight), DataOf(norm.bias), spec.hidden, epsilon, out);
  }
}

void NormHeadsInPlace(const ModelSpec& spec, const NormWeights& norm, int64_t heads, float* row) {
  const int64_t dim = spec.attention.head_dim;
  const auto epsilon = static_cast<float>(spec.norm_epsilon);
  const bool per_head = norm.weight.dim() == 2;
  for (int64_t head = 0; head < heads; ++head) {
    const float* weight = DataOf(norm.weight) + (per_head ? head * dim : 0);
    float* values = row + head * dim;
    if (spec.norm == NormKind::kRms) {
      RmsNorm(values, weight, dim, epsilon, values);
    } else {
      LayerNorm(values, weight, DataOf(norm.bias), dim, epsilon, values);
    }
  }
}

}  // namespace assay::engine
