// One metadata value of a GGUF header; private to the parser.
#ifndef ASSAY_ENGINE_FORMATS_GGUF_VALUE_H_
#define ASSAY_ENGINE_FORMATS_GGUF_VALUE_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// Reads a value's type and the value. Whole numbers are kept as 64 bits, with or without a sign as
// the file has them. DATA_LOSS: an unknown type, or a length that the reader's bytes do not hold or
// that no model needs. UNIMPLEMENTED: arrays of arrays. Allocates at most eight times what it
// reads.
absl::StatusOr<GgufValue> ReadGgufValue(ByteReader& reader);

// A value and its type as errors show them: short, in ASCII. "the string 'abc'", "an array of 3
// whole numbers".
std::string DescribeGgufValue(const GgufValue& value);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_VALUE_H_
