// Products on ARM processors that have dot products of bytes. Private to this folder; Linux alone.
#ifndef ASSAY_ENGINE_KERNELS_ARM_DOT_PRODUCTS_H_
#define ASSAY_ENGINE_KERNELS_ARM_DOT_PRODUCTS_H_

#include <cstdint>

#include "engine/kernels/activations.h"
#include "engine/kernels/matrix_product.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

// MultiplyQuantised() for processors with FEAT_DotProd (most since ARMv8.2).
void MultiplyByDotProducts(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                           const QuantisedRows& input, int64_t rows, const FloatRows& out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ARM_DOT_PRODUCTS_H_
