// The metadata of GGUF files as a config.json.
#ifndef ASSAY_ENGINE_ARCHITECTURES_GGUF_CONFIG_H_
#define ASSAY_ENGINE_ARCHITECTURES_GGUF_CONFIG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Returns the config.json of the model in the file, so that one description of an architecture
// serves both formats. Properties that GGUF has no key for (biases, tied embeddings, Q and K norms)
// are derived from the tensors of the file. DATA_LOSS: a key has the wrong type.
absl::StatusOr<nlohmann::json> GgufConfig(const GgufFile& file, const std::string& architecture);

// Returns the name in GGUF of a key of config.json, for messages. Returns the key itself if there
// is none.
std::string GgufKeyName(std::string_view key, const std::string& architecture);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_GGUF_CONFIG_H_
