// Measures the CPU's kernels. Matrix products: bytes of weights per second for one row (bounded by
// memory if the matrices exceed the caches), multiply-adds per second for many rows. Attention over
// a long context: bytes of the KV cache per second for one token, multiply-adds per second for
// many. of_read and of_dots compare the results with the limits of the machine: the maximum bytes
// per second that as many threads read, and their 8-bit multiply-adds. The limits are measured in
// the same run, before and after the kernels.
//
//   bin/kernels_bench --benchmark_filter=Int4
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/machine_limits.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/matrix_product.h"
#include "engine/kernels/paged_attention.h"
#include "engine/threads/thread_pool.h"

namespace {

using assay::engine::FloatRows;
using assay::engine::PackedMatrix;
using assay::engine::PackedType;

constexpr int64_t kColumns = 2048;
// The matrices exceed the third-level cache.
constexpr int64_t kOutputs = 65536;
constexpr int64_t kPanelGrain = 8;
constexpr double kGiga = 1e-9;

struct NamedType {
  const char* name;
  PackedType type;
};

using assay::bench::MachineLimits;

int AllThreads() { return static_cast<int>(std::thread::hardware_concurrency()); }

MachineLimits LimitsOf(int threads) {
  assay::engine::ThreadPool pool(threads);
  const MachineLimits limits = assay::bench::MeasureLimits(pool);
  std::printf("limits of %d threads: %.1f GB/s read, %.0f GMAC/s of 8 bits\n", threads,
              limits.read_gb, limits.dot_gmac);
  return limits;
}

// Reports the rates. `gigabytes` and `gmacs` are those of all iterations together, in 10^9.
void Report(benchmark::State& state, double gigabytes, double gmacs, const MachineLimits& limits,
            bool by_dots) {
  using benchmark::Counter;
  state.counters["GB/s"] = Counter(gigabytes, Counter::kIsRate);
  state.counters["GMAC/s"] = Counter(gmacs, Counter::kIsRate);
  state.counters["of_read"] = Counter(gigabytes / limits.read_gb, Counter::kIsRate);
  if (by_dots) state.counters["of_dots"] = Counter(gmacs / limits.dot_gmac, Counter::kIsRate);
  state.SetLabel(assay::engine::KernelTarget());
}

void BM_Product(benchmark::State& state, PackedType type, int64_t outputs,
                const MachineLimits& limits) {
  const int64_t rows = state.range(0);
  assay::engine::ThreadPool pool(AllThreads());
  PackedMatrix matrix(type, outputs, kColumns);
  std::vector<float> line(kColumns, 0.5F);
  const std::vector<const float*> lines(assay::engine::kPanelRows, line.data());
  for (int64_t panel = 0; panel < matrix.panels(); ++panel) matrix.SetPanel(panel, lines);
  std::vector<float> input(static_cast<size_t>(rows * kColumns), 0.25F);
  assay::engine::QuantizedRows quantized(rows, kColumns);
  for (int64_t r = 0; r < rows; ++r) quantized.Set(r, input.data() + r * kColumns);
  std::vector<float> out(static_cast<size_t>(rows * outputs));
  const FloatRows to{.data = out.data(), .stride = outputs};
  for ([[maybe_unused]] auto unused : state) {
    pool.Run([&](assay::engine::TeamMember& member) {
      member.For(matrix.panels(), kPanelGrain, [&](int64_t begin, int64_t end) {
        if (IsQuantized(type)) {
          MultiplyQuantized(matrix, begin, end, quantized, rows, to);
        } else {
          MultiplyFloats(matrix, begin, end, {.data = input.data(), .stride = kColumns}, rows, to);
        }
      });
    });
    benchmark::DoNotOptimize(out.data());
  }
  const double times = kGiga * static_cast<double>(state.iterations());
  Report(state, times * static_cast<double>(matrix.Bytes()),
         times * static_cast<double>(outputs * kColumns * rows), limits, IsQuantized(type));
}

// The model has 30 layers, as SmolLM2-135M, so that the KV cache that one token reads exceeds the
// processor's caches.
void BM_Attention(benchmark::State& state, assay::engine::KvType type,
                  const MachineLimits& limits) {
  using assay::engine::kPageTokens;
  constexpr int64_t kLayers = 30;
  constexpr int64_t kHeads = 3;
  constexpr int64_t kGroup = 3;
  constexpr int64_t kDim = 64;
  constexpr int64_t kContext = 4096;
  const int64_t tokens = state.range(0);
  const int64_t layers = tokens == 1 ? kLayers : 1;
  const int64_t pages = assay::engine::PagesFor(kContext);
  assay::engine::KvPages cache(
      {.type = type, .layers = layers, .kv_heads = kHeads, .head_dim = kDim}, pages);
  std::vector<float> row(kDim);
  for (int64_t i = 0; i < kDim; ++i) row[static_cast<size_t>(i)] = 0.01F * static_cast<float>(i);
  std::vector<int32_t> table;
  for (int64_t page = 0; page < pages; ++page) {
    table.push_back(static_cast<int32_t>(page));
    for (int64_t i = 0; i < layers * kHeads * kPageTokens; ++i) {
      cache.Write(i / (kHeads * kPageTokens), page, i % kPageTokens, i / kPageTokens % kHeads,
                  row.data(), row.data());
    }
  }
  std::vector<float> queries(static_cast<size_t>(tokens * kGroup * kDim), 0.1F);
  std::vector<float> out(queries.size());
  assay::engine::AttentionScratch scratch(tokens * kGroup, kDim);
  for ([[maybe_unused]] auto unused : state) {
    for (int64_t i = 0; i < layers * kHeads; ++i) {
      assay::engine::AttentionTask task{.layer = i / kHeads,
                                        .kv_head = i % kHeads,
                                        .group = kGroup,
                                        .pages = table,
                                        .position = kContext - tokens,
                                        .count = tokens,
                                        .scale = 0.125F};
      task.queries = {.data = queries.data(), .stride = kGroup * kDim};
      task.out = {.data = out.data(), .stride = kGroup * kDim};
      AttendPages(cache, task, scratch);
    }
    benchmark::DoNotOptimize(out.data());
  }
  const double times = kGiga * static_cast<double>(state.iterations());
  Report(state, times * static_cast<double>(cache.Bytes()),
         times * static_cast<double>(layers * kHeads * kGroup * tokens * kContext * 2 * kDim),
         limits, /*by_dots=*/false);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int64_t kSmallOutputs = 2048;
  benchmark::Initialize(&argc, argv);
  const MachineLimits limits = LimitsOf(AllThreads());
  const MachineLimits of_one = LimitsOf(1);
  for (const NamedType& named :
       {NamedType{"Float32", PackedType::kFloat32}, NamedType{"Float16", PackedType::kFloat16},
        NamedType{"Int8", PackedType::kInt8}, NamedType{"Int4", PackedType::kInt4},
        NamedType{"Int4Affine", PackedType::kInt4Affine}}) {
    const auto run = [type = named.type, limits](benchmark::State& state) {
      BM_Product(state, type, state.range(0) <= 8 ? kOutputs : kSmallOutputs, limits);
    };
    benchmark::RegisterBenchmark(named.name, run)
        ->Arg(1)
        ->Arg(2)
        ->Arg(3)
        ->Arg(4)
        ->Arg(8)
        ->Arg(16)
        ->Arg(256)
        ->UseRealTime();
  }
  using assay::engine::KvType;
  for (const auto& [name, type] : {std::pair{"AttentionFloat32", KvType::kFloat32},
                                   std::pair{"AttentionFloat16", KvType::kFloat16},
                                   std::pair{"AttentionInt8", KvType::kInt8}}) {
    const auto run = [type = type, of_one](benchmark::State& state) {
      BM_Attention(state, type, of_one);
    };
    benchmark::RegisterBenchmark(name, run)->Arg(1)->Arg(16)->UseRealTime();
  }
  benchmark::RunSpecifiedBenchmarks();
  LimitsOf(AllThreads());
  benchmark::Shutdown();
  return 0;
}
