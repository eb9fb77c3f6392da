// Matrix products and attention for ARM processors with dot products of bytes. Private to this
// folder; Linux only.
#ifndef ASSAY_ENGINE_KERNELS_ARM_DOT_PRODUCTS_H_
#define ASSAY_ENGINE_KERNELS_ARM_DOT_PRODUCTS_H_

#include <cstdint>

#include "engine/kernels/activations.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/matrix_product.h"
#include "engine/kernels/packed_matrix.h"
#include "engine/kernels/paged_attention.h"

namespace assay::engine {

// Returns true if the processor has FEAT_DotProd (most since ARMv8.2). The functions below must
// only be called if it has.
bool HasDotProducts();

// The implementation of MultiplyQuantized().
void MultiplyByDotProducts(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                           const QuantizedRows& input, int64_t rows, const FloatRows& out);

// The implementation of AttendPages() for int8 pages.
void AttendByDotProducts(const KvPages& cache, const AttentionTask& task,
                         AttentionScratch& scratch);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ARM_DOT_PRODUCTS_H_
