// The parser of safetensors headers; private to SafetensorsCheckpoint and its tests.
#ifndef ASSAY_ENGINE_FORMATS_SAFETENSORS_PARSER_H_
#define ASSAY_ENGINE_FORMATS_SAFETENSORS_PARSER_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/stored_tensor.h"

namespace assay::engine {

// The contents of a safetensors header.
struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;
  std::vector<UnreadTensor> unread;
};

// Parses and checks the header of `file`, which is the whole file; the tensors point into it. Never
// reads outside of it. Returns the DATA_LOSS errors of SafetensorsCheckpoint::Open(), without the
// path.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::Span<const std::byte> file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_SAFETENSORS_PARSER_H_
