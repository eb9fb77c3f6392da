// Matrix products and attention for ARM processors with dot products of bytes. Only this file is
// compiled with these instructions enabled.
#include "engine/kernels/arm_dot_products.h"

#include <asm/hwcap.h>
#include <sys/auxv.h>

#include <cstdint>

#include "engine/kernels/int8_attention-inl.h"
#include "engine/kernels/quantized_product-inl.h"
#include "hwy/highway.h"

#ifndef __ARM_FEATURE_DOTPROD
#error "must be compiled with -march=armv8.2-a+dotprod"
#endif

namespace assay::engine {

bool HasDotProducts() {
  static const bool has = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  return has;
}

void MultiplyByDotProducts(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                           const QuantizedRows& input, int64_t rows, const FloatRows& out) {
  HWY_STATIC_DISPATCH(Quantized)(weights, panel_begin, panel_end, input, rows, out);
}

void AttendByDotProducts(const KvPages& cache, const AttentionTask& task,
                         AttentionScratch& scratch) {
  HWY_STATIC_DISPATCH(AttendInt8)(cache, task, scratch);
}

}  // namespace assay::engine
