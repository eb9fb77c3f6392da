// Reads and checks a safetensors header; private to SafetensorsCheckpoint and its tests.
#ifndef ASSAY_ENGINE_FORMATS_SAFETENSORS_PARSER_H_
#define ASSAY_ENGINE_FORMATS_SAFETENSORS_PARSER_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/stored_tensor.h"

namespace assay::engine {

struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;
  std::vector<UnreadTensor> unread;
};

// `file`: the whole file; tensors point into it. Never reads outside of it. DATA_LOSS as
// SafetensorsCheckpoint::Open, without the path.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::Span<const std::byte> file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_SAFETENSORS_PARSER_H_
