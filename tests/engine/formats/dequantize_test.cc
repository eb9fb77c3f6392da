// Conversion of every stored type to floats.
#include "engine/formats/dequantize.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/formats/gguf.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;

// True if both have the same bits or are not a number. Processors create different NaNs.
bool Same(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

TEST(DequantizeTest, IsBitEqualToTheGgufPackage) {
  const auto file = GgufFile::Open(kTypes);
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string expected = ReadFile("tests/golden/text/types.f32");
  EXPECT_EQ((*file)->tensors().size(), 18);
  size_t at = 0;
  for (const StoredTensor& tensor : (*file)->tensors()) {
    EXPECT_THAT(tensor.shape, ElementsAre(5, 256));
    std::vector<float> values(static_cast<size_t>(tensor.ElementCount()));
    std::vector<float> exact(values.size());
    ASSERT_LE(at + exact.size() * sizeof(float), expected.size());
    std::memcpy(exact.data(), expected.data() + at, exact.size() * sizeof(float));
    at += exact.size() * sizeof(float);
    ASSERT_TRUE(Dequantize(tensor.type, tensor.data, absl::MakeSpan(values)).ok());
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_TRUE(Same(values[i], exact[i]))
          << tensor.name << "[" << i << "]: " << values[i] << ", not " << exact[i];
    }
  }
  EXPECT_EQ(at, expected.size());
}

TEST(DequantizeTest, EveryHalfIsExact) {
  std::vector<uint16_t> halves(1 << 16);
  std::iota(halves.begin(), halves.end(), 0);
  std::vector<float> floats(halves.size());
  ASSERT_TRUE(Dequantize(GgmlType::kF16,
                         absl::MakeConstSpan(reinterpret_cast<const std::byte*>(halves.data()),
                                             halves.size() * sizeof(uint16_t)),
                         absl::MakeSpan(floats))
                  .ok());
  for (const uint16_t half : halves) {
    const int exponent = (half >> 10) & 0x1F;
    const int mantissa = half & 0x3FF;
    double exact =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa | 0x400, exponent - 25);
    if (exponent == 0x1F) exact = mantissa == 0 ? INFINITY : NAN;
    ASSERT_TRUE(Same(floats[half], static_cast<float>(half < 0x8000 ? exact : -exact))) << half;
  }
}

TEST(DequantizeTest, WrongBufferSizeIsRefused) {
  std::vector<float> out(31);
  const std::string block(34, '\0');
  EXPECT_EQ(Dequantize(GgmlType::kQ8_0, AsBytes(block), absl::MakeSpan(out)).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::engine
