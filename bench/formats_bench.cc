// Measures the dequantization of stored weights on one core. bytes_per_second counts the floats
// written.
//
//   bin/formats_bench --benchmark_filter=Q4_K
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "engine/formats/dequantize.h"

namespace {

using assay::engine::GgmlType;

// The rows of a model of width 4,096, as many as the second-level cache holds.
constexpr size_t kFloats = size_t{16} * 4096;

void BM_Dequantize(benchmark::State& state, GgmlType type) {
  const auto layout = assay::engine::LayoutOf(type);
  std::vector<std::byte> blocks(kFloats / static_cast<size_t>(layout->elements) *
                                static_cast<size_t>(layout->bytes));
  std::mt19937 random(1);
  // No byte has all exponent bits of an fp16 number, and few blocks are subnormal, as in real
  // weights.
  for (std::byte& byte : blocks) byte = static_cast<std::byte>(random() & 0x3F);
  std::vector<float> floats(kFloats);
  for ([[maybe_unused]] auto unused : state) {
    const auto status = assay::engine::Dequantize(type, blocks, absl::MakeSpan(floats));
    if (!status.ok()) state.SkipWithError(std::string(status.message()).c_str());
    benchmark::DoNotOptimize(floats.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kFloats * sizeof(float)));
}

}  // namespace

int main(int argc, char** argv) {
  for (const GgmlType type :
       {GgmlType::kF16, GgmlType::kBF16, GgmlType::kQ4_0, GgmlType::kQ4_1, GgmlType::kQ5_0,
        GgmlType::kQ5_1, GgmlType::kQ8_0, GgmlType::kQ2_K, GgmlType::kQ3_K, GgmlType::kQ4_K,
        GgmlType::kQ5_K, GgmlType::kQ6_K, GgmlType::kIQ4_NL, GgmlType::kIQ4_XS, GgmlType::kTQ1_0,
        GgmlType::kTQ2_0, GgmlType::kMXFP4}) {
    benchmark::RegisterBenchmark(assay::engine::GgmlTypeName(type).c_str(),
                                 [type](benchmark::State& state) { BM_Dequantize(state, type); });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
