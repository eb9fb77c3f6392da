// What this machine can do at best, measured, for kernels to be compared with.
#ifndef ASSAY_BENCH_MACHINE_LIMITS_H_
#define ASSAY_BENCH_MACHINE_LIMITS_H_

#include "engine/threads/thread_pool.h"

namespace assay::bench {

struct MachineLimits {
  // Bytes a second of a memory that exceeds the caches, read from end to end; 10^9.
  double read_gb = 0.0;
  // Multiply-adds of 8-bit numbers a second, the codes in registers; 10^9.
  double dot_gmac = 0.0;
};

// By all threads of the pool together, the best of several tries. Takes about a second.
MachineLimits MeasureLimits(engine::ThreadPool& pool);

}  // namespace assay::bench

#endif  // ASSAY_BENCH_MACHINE_LIMITS_H_
