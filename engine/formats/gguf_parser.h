// Reads and checks a GGUF header; private to GgufFile and its tests.
#ifndef ASSAY_ENGINE_FORMATS_GGUF_PARSER_H_
#define ASSAY_ENGINE_FORMATS_GGUF_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

struct GgufHeader {
  uint32_t version = 0;
  GgufMetadata metadata;
  std::vector<StoredTensor> tensors;
  std::vector<UnreadTensor> unread;
};

// `file`: the whole file; tensors point into it. Never reads outside of it, never allocates more
// than a small multiple of it. Errors as GgufFile::Open, without the path.
absl::StatusOr<GgufHeader> ParseGgufHeader(absl::Span<const std::byte> file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_PARSER_H_
