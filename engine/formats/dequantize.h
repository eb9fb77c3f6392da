// From stored weights to floats, exactly as the `gguf` Python package does.
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

// Elements a block, and bytes a block; 1 element for the float types. UNIMPLEMENTED for other
// types.
struct BlockLayout {
  int64_t elements;
  int64_t bytes;
};
absl::StatusOr<BlockLayout> LayoutOf(GgmlType type);

// The same also of types that GGUF files have and that are not read. UNIMPLEMENTED: a number of no
// type.
absl::StatusOr<BlockLayout> StoredLayoutOf(GgmlType type);

// Of a tensor of a type that is not read; names it and those that are.
absl::Status UnreadTypeError(const std::string& type);

// Writes out.size() floats from whole blocks. INVALID_ARGUMENT unless the sizes match. Bit-equal to
// gguf.quants.dequantize in fp32. Pure, thread-safe.
absl::Status Dequantize(GgmlType type, absl::Span<const std::byte> blocks, absl::Span<float> out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_DEQUANTIZE_H_
