// Metadata values of GGUF headers; private to the parser.
#ifndef ASSAY_ENGINE_FORMATS_GGUF_VALUE_H_
#define ASSAY_ENGINE_FORMATS_GGUF_VALUE_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// Reads a value's type and the value. Whole numbers are stored in 64 bits, signed or unsigned as in
// the file. DATA_LOSS: an unknown type, or a length that exceeds the reader's bytes or what any
// model needs. UNIMPLEMENTED: arrays of arrays. An array is checked, but not copied: it refers to
// the reader's bytes.
absl::StatusOr<GgufValue> ReadGgufValue(ByteReader& reader);

// Returns the elements of an array that ReadGgufValue() returned. DATA_LOSS for more elements than
// any model needs. The bytes of a file may have changed, so that other errors are possible too.
absl::StatusOr<GgufItems> DecodeGgufArray(const GgufArray& array);

// Describes a value and its type for errors, briefly and in ASCII: "the string 'abc'", "an array of
// 3 whole numbers".
std::string DescribeGgufValue(const GgufValue& value);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_VALUE_H_
