// How the namespace of an instruction set begins whose kernels take dot products of bytes. Defined
// anew for each target (Highway's foreach_target.h), so without a guard.
#include "hwy/highway.h"

#undef ASSAY_BEFORE_KERNELS
// Highway 1.0 asks the processor for VNNI in this target, but does not tell the compiler. All that
// is inlined into each other must be compiled alike.
#if HWY_TARGET == HWY_AVX3_DL && HWY_COMPILER_GCC_ACTUAL
#define ASSAY_BEFORE_KERNELS()         \
  HWY_BEFORE_NAMESPACE();              \
  HWY_PRAGMA(GCC target("avx512vnni")) \
  static_assert(true, "takes the semicolon")
#else
#define ASSAY_BEFORE_KERNELS() HWY_BEFORE_NAMESPACE()
#endif
