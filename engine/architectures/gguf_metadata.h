// The hyperparameters in the metadata of GGUF files under the keys of config.json.
#ifndef ASSAY_ENGINE_ARCHITECTURES_GGUF_METADATA_H_
#define ASSAY_ENGINE_ARCHITECTURES_GGUF_METADATA_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/formats/gguf.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::engine {

// Copies the hyperparameters that the file has to `config`. DATA_LOSS: a key that llama.cpp
// requires is missing, or a key has the wrong type. UNIMPLEMENTED: a key has a value that changes
// the result in a way that is not supported, or layers differ in size.
absl::Status ReadGgufMetadata(const GgufFile& file, const std::string& architecture,
                              nlohmann::json* config);

// Returns the key in GGUF, without the architecture, of a key that ReadGgufMetadata() sets. Returns
// null if there is none.
const char* GgufMetadataKey(std::string_view key, std::string_view architecture);

// True for Gemma 2 and 3, whose layers have and lack a sliding window in turn.
bool IsGemma(std::string_view architecture);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_GGUF_METADATA_H_
