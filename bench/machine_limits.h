// Measured limits of this machine, with which kernels are compared.
#ifndef ASSAY_BENCH_MACHINE_LIMITS_H_
#define ASSAY_BENCH_MACHINE_LIMITS_H_

#include "engine/threads/thread_pool.h"

namespace assay::bench {

struct MachineLimits {
  // Sequential reads of memory that exceeds the caches, in 10^9 bytes per second.
  double read_gb = 0.0;
  // 8-bit multiply-adds with codes in registers, in 10^9 per second.
  double dot_gmac = 0.0;
};

// Measures the limits of all threads of the pool together: the best of several tries. Takes about a
// second.
MachineLimits MeasureLimits(engine::ThreadPool& pool);

}  // namespace assay::bench

#endif  // ASSAY_BENCH_MACHINE_LIMITS_H_
