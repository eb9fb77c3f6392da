// The parser of GGUF headers; private to GgufFile and its tests.
#ifndef ASSAY_ENGINE_FORMATS_GGUF_PARSER_H_
#define ASSAY_ENGINE_FORMATS_GGUF_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// The contents of a GGUF header.
struct GgufHeader {
  uint32_t version = 0;
  GgufMetadata metadata;
  std::vector<StoredTensor> tensors;
  std::vector<UnreadTensor> unread;
};

// Parses and checks the header of `file`, which is the whole file; the tensors point into it. Never
// reads outside of it, and never allocates more than a small multiple of its size. Returns the
// errors of GgufFile::Open(), without the path.
absl::StatusOr<GgufHeader> ParseGgufHeader(absl::Span<const std::byte> file);

// Returns the number of bytes that ParseGgufHeader() reads, up to an error if there is one. Keeps
// nothing in memory.
size_t GgufHeaderBytes(absl::Span<const std::byte> file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_PARSER_H_
