// The rotary positions of GGUF files as a config.json has them.
#ifndef ASSAY_ENGINE_ARCHITECTURES_GGUF_ROPE_H_
#define ASSAY_ENGINE_ARCHITECTURES_GGUF_ROPE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/formats/gguf.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::engine {

// Sets rope_parameters and original_max_position_embeddings of `config` to what llama.cpp reads
// from the file; missing keys have its defaults. DATA_LOSS: a key has the wrong type or a tensor of
// factors is missing or too large. UNIMPLEMENTED: the scaling is unknown.
absl::Status DescribeGgufRope(const GgufFile& file, const std::string& architecture,
                              nlohmann::json* config);

// Returns the key in GGUF, without the architecture, of a key in rope_parameters. Returns null if
// there is none.
const char* GgufRopeKey(std::string_view key);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_GGUF_ROPE_H_
