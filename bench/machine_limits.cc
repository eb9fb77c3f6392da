// Measured limits of this machine, with which kernels are compared.
#include "bench/machine_limits.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/kernels/aligned_buffer.h"

#ifndef ASSAY_BENCH_TABLE
#define ASSAY_BENCH_TABLE
namespace assay::bench {
namespace {
// The number of quads of activations.
constexpr int64_t kTable = 64;
}  // namespace
}  // namespace assay::bench
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/machine_limits.cc"
#include "hwy/foreach_target.h"
// These must follow foreach_target.h.
#include "engine/kernels/dot_quads-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
// The target must be the same as in dot_quads-inl.h, whose functions are inlined here.
#if HWY_TARGET == HWY_AVX3_DL && HWY_COMPILER_GCC_ACTUAL
#pragma GCC target("avx512vnni")
#endif
namespace assay::bench::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace kernels = assay::engine::HWY_NAMESPACE;

using kernels::Bytes;
using kernels::ByteVec;
using kernels::Ints;
using kernels::IntVec;

// Reads `count` bytes, a multiple of 64.
uint64_t Read(const uint8_t* from, int64_t count) {
  const hn::ScalableTag<uint64_t> d;
  const hn::Repartition<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d8));
  auto first = hn::Zero(d);
  auto second = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    first = hn::Xor(first, hn::BitCast(d, hn::Load(d8, from + i)));
    second = hn::Xor(second, hn::BitCast(d, hn::Load(d8, from + i + lanes)));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Xor(first, second)));
}

constexpr int64_t kCodes = 4;
constexpr int64_t kRows = 3;
// Returns the number of multiply-adds of one round.
int64_t RoundMacs() {
  return kTable / kRows * kRows * kCodes * static_cast<int64_t>(hn::Lanes(Bytes()));
}

// Computes dot products as the matrix products do: codes are in registers, activations are
// broadcast from memory, and there are enough sums to hide the latency of the instruction.
int32_t Dots(const int32_t* quads, int64_t rounds) {
  const Ints di;
  const Bytes db;
  ByteVec codes[kCodes];
  IntVec sums[kRows][kCodes];
  for (int64_t c = 0; c < kCodes; ++c) {
    codes[c] = hn::Set(db, static_cast<uint8_t>(c + 1));
    for (int64_t r = 0; r < kRows; ++r) sums[r][c] = hn::Zero(di);
  }
  for (int64_t round = 0; round < rounds; ++round) {
    // Without this pragma GCC copies every sum in every iteration of the loop.
#pragma GCC unroll 32
    for (int64_t i = 0; i + kRows <= kTable; i += kRows) {
      for (int64_t r = 0; r < kRows; ++r) {
        const IntVec x = hn::Set(di, quads[i + r]);
        for (int64_t c = 0; c < kCodes; ++c) {
          sums[r][c] = kernels::DotQuads</*kWide=*/true>(sums[r][c], codes[c], x);
        }
      }
    }
  }
  IntVec all = hn::Zero(di);
  for (const auto& row : sums) {
    for (const IntVec& sum : row) all = hn::Add(all, sum);
  }
  return hn::GetLane(hn::SumOfLanes(di, all));
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay::bench {
namespace {

HWY_EXPORT(Read);
HWY_EXPORT(Dots);
HWY_EXPORT(RoundMacs);

constexpr int kTries = 12;
// The memory exceeds the third-level cache.
constexpr int64_t kReadBytes = int64_t{512} << 20;
constexpr int64_t kReadGrain = int64_t{1} << 20;
constexpr int64_t kDotPieces = 64;
constexpr int64_t kDotRounds = 5000;
constexpr double kGiga = 1e-9;

// Returns the shortest time of `work` on all pieces, in seconds.
template <typename Work>
double BestSeconds(engine::ThreadPool& pool, int64_t pieces, const Work& work) {
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < kTries; ++i) {
    const absl::Time start = absl::Now();
    pool.Run([&](engine::TeamMember& member) {
      member.For(pieces, 1, [&](int64_t begin, int64_t) { work(begin); });
    });
    best = std::min(best, absl::Now() - start);
  }
  return absl::ToDoubleSeconds(best);
}

}  // namespace

MachineLimits MeasureLimits(engine::ThreadPool& pool) {
  engine::AlignedArray<uint8_t> memory(kReadBytes);
  std::fill_n(memory.data(), kReadBytes, uint8_t{1});
  alignas(64) std::array<int32_t, kTable> quads;
  quads.fill(0x01020304);
  // Using the results keeps the compiler from removing the work.
  std::atomic<uint64_t> result = 0;
  const double read = BestSeconds(pool, kReadBytes / kReadGrain, [&](int64_t piece) {
    result += HWY_DYNAMIC_DISPATCH(Read)(memory.data() + piece * kReadGrain, kReadGrain);
  });
  const double dots = BestSeconds(pool, kDotPieces, [&](int64_t) {
    result += static_cast<uint64_t>(HWY_DYNAMIC_DISPATCH(Dots)(quads.data(), kDotRounds));
  });
  const auto macs =
      static_cast<double>(HWY_DYNAMIC_DISPATCH(RoundMacs)() * kDotRounds * kDotPieces);
  return {.read_gb = kGiga * static_cast<double>(kReadBytes) / read,
          .dot_gmac = kGiga * macs / dots};
}

}  // namespace assay::bench
#endif  // HWY_ONCE
