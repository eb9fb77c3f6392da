// Opens the namespace of an instruction set for kernels that use dot products of bytes. It is
// redefined for each target (Highway's foreach_target.h), so that it has no include guard.
#include "hwy/highway.h"

#undef ASSAY_BEFORE_KERNELS
// Highway 1.0 checks the processor for VNNI in this target, but does not enable it in the compiler.
// Functions that are inlined into each other must be compiled with the same instructions.
#if HWY_TARGET == HWY_AVX3_DL && HWY_COMPILER_GCC_ACTUAL
#define ASSAY_BEFORE_KERNELS()         \
  HWY_BEFORE_NAMESPACE();              \
  HWY_PRAGMA(GCC target("avx512vnni")) \
  static_assert(true, "takes the semicolon")
#else
#define ASSAY_BEFORE_KERNELS() HWY_BEFORE_NAMESPACE()
#endif
