// Conversion of stored weights to floats, bit-equal to the `gguf` Python package.
#ifndef ASSAY_ENGINE_FORMATS_DEQUANTIZE_H_
#define ASSAY_ENGINE_FORMATS_DEQUANTIZE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// The size of a block.
struct BlockLayout {
  // 1 for the float types.
  int64_t elements;
  int64_t bytes;
};

// Returns the layout of a supported type. UNIMPLEMENTED for other types.
absl::StatusOr<BlockLayout> LayoutOf(GgmlType type);

// Returns the layout of any type of GGUF, supported or not. UNIMPLEMENTED for an unknown number.
absl::StatusOr<BlockLayout> StoredLayoutOf(GgmlType type);

// Returns the UNIMPLEMENTED error for a type. The message lists the supported types.
absl::Status UnsupportedTypeError(const std::string& type);

// Converts whole blocks into out.size() floats. The result is bit-equal to gguf.quants.dequantize
// in fp32. INVALID_ARGUMENT if the sizes do not match. Thread-safe.
absl::Status Dequantize(GgmlType type, absl::Span<const std::byte> blocks, absl::Span<float> out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_DEQUANTIZE_H_
