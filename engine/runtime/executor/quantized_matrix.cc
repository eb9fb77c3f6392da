// A weight matrix in 8 or 4 bits.
#include "engine/runtime/executor/quantized_matrix.h"

#include <ATen/ATen.h>

#include <cstdint>

namespace assay::engine {
namespace {

constexpr double kMaxInt8 = 127.0;
constexpr double kMaxInt4 = 15.0;
constexpr double kInt4Middle = 8.0;
// The bytes of a scale, which is bfloat16 or float16.
constexpr int64_t kScaleBytes = 2;
// The rows of an input above which an 8-bit matrix is expanded once for all of them.
constexpr int64_t kMaxPackedRows = 32;

// The layout of packed 4-bit codes: tiles of 8 rows and 16 columns, of which 2, 4 or 8 beside each
// other are stored together (native_functions.yaml, _convert_weight_to_int4pack).
constexpr int64_t kTileRows = 8;
constexpr int64_t kTileColumns = 16;
// The rows of a tile on the CPU.
constexpr int64_t kCpuTileRows = 16;

int64_t InnerTiles(int64_t in) {
  for (const int64_t tiles : {8, 4}) {
    if (in % (tiles * kTileColumns) == 0) return tiles;
  }
  return 2;
}

// Returns true if libtorch has a product with packed 4-bit codes for this matrix. CUDA's is for
// bfloat16 only.
bool PacksInt4(const at::Tensor& weight) {
  const at::Device device = weight.device();
  if (device.is_cpu()) return weight.size(0) % kCpuTileRows == 0;
  if (weight.size(0) % kTileRows != 0) return false;
  return device.is_mps() || (device.is_cuda() && weight.scalar_type() == at::kBFloat16);
}

// `codes` is [out, in], int32 from 0 to 15. On the CPU the codes are packed from int32; on other
// devices from bytes whose high half is the code of the even column.
at::Tensor PackInt4(const at::Tensor& codes) {
  const int64_t tiles = InnerTiles(codes.size(1));
  if (codes.is_cpu()) return at::_convert_weight_to_int4pack_for_cpu(codes, tiles);
  const at::Tensor pairs = codes.to(at::kByte).view({codes.size(0), codes.size(1) / 2, 2});
  const at::Tensor bytes = pairs.select(2, 0).bitwise_left_shift(4).bitwise_or(pairs.select(2, 1));
  return at::_convert_weight_to_int4pack(bytes, tiles);
}

}  // namespace

bool QuantizedMatrix::Supports(int64_t in, WeightBits bits) {
  return (bits == WeightBits::kInt8 || bits == WeightBits::kInt4) && in % kGroup == 0;
}

int64_t QuantizedMatrix::BytesOf(int64_t out, int64_t in, WeightBits bits) {
  if (bits == WeightBits::kInt8) return out * in + out * kScaleBytes;
  return out * in / 2 + 2 * kScaleBytes * out * in / kGroup;
}

QuantizedMatrix::QuantizedMatrix(const at::Tensor& weight, WeightBits bits)
    : bits_(bits), out_(weight.size(0)), in_(weight.size(1)) {
  const at::Tensor floats = weight.to(at::kFloat);
  if (bits == WeightBits::kInt8) {
    // With the minimum a row of zeros stays zero.
    const at::Tensor scales = floats.abs().amax(1).div_(kMaxInt8).clamp_min_(1e-12);
    values_ = floats.div(scales.unsqueeze(1)).round_().to(at::kChar);
    scales_ = scales.to(weight.scalar_type());
    return;
  }
  const at::Tensor groups = floats.view({out_, in_ / kGroup, kGroup});
  const at::Tensor minimum = groups.amin(2, /*keepdim=*/true);
  const at::Tensor scale =
      (groups.amax(2, /*keepdim=*/true) - minimum).div_(kMaxInt4).clamp_min_(1e-12);
  const at::Tensor codes =
      (groups - minimum).div_(scale).round_().clamp_(0, kMaxInt4).to(at::kInt).view({out_, in_});
  const at::Tensor middle = minimum + scale * kInt4Middle;
  scales_ = at::cat({scale, middle}, 2).transpose(0, 1).contiguous().to(weight.scalar_type());
  packed_ = PacksInt4(weight);
  if (packed_) {
    values_ = PackInt4(codes);
    return;
  }
  const at::Tensor pairs = codes.to(at::kByte).view({out_, in_ / 2, 2});
  values_ = pairs.select(2, 0).bitwise_or(pairs.select(2, 1).bitwise_left_shift(4));
}

at::Tensor QuantizedMatrix::Expanded(at::ScalarType dtype) const {
  if (bits_ == WeightBits::kInt8) return values_.to(dtype) * scales_.unsqueeze(1).to(dtype);
  const at::Tensor low = values_.bitwise_and(0xF);
  const at::Tensor high = values_.bitwise_right_shift(4);
  const at::Tensor codes =
      at::stack({low, high}, 2).view({out_, in_ / kGroup, kGroup}).to(dtype) - kInt4Middle;
  const at::Tensor scales = scales_.to(dtype).transpose(0, 1);
  return (codes * scales.narrow(2, 0, 1) + scales.narrow(2, 1, 1)).view({out_, in_});
}

at::Tensor QuantizedMatrix::Multiply(const at::Tensor& input) const {
  if (packed_) {
    return values_.is_cpu() ? at::_weight_int4pack_mm_for_cpu(input, values_, kGroup, scales_)
                            : at::_weight_int4pack_mm(input, values_, kGroup, scales_);
  }
  if (bits_ == WeightBits::kInt8 && input.size(0) <= kMaxPackedRows) {
    return at::_weight_int8pack_mm(input.contiguous(), values_, scales_);
  }
  return at::linear(input, Expanded(input.scalar_type()));
}

}  // namespace assay::engine
