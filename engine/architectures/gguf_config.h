// GGUF metadata in the words of config.json.
#ifndef ASSAY_ENGINE_ARCHITECTURES_GGUF_CONFIG_H_
#define ASSAY_ENGINE_ARCHITECTURES_GGUF_CONFIG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// A config.json of the model that the file holds: one description of an architecture serves both
// formats. What GGUF does not say (biases, tied embeddings, norms of queries) is read off the
// tensors that are there. DATA_LOSS: a key of the wrong type.
absl::StatusOr<nlohmann::json> GgufConfig(const GgufFile& file, const std::string& architecture);

// GGUF's name of one of config.json's keys, for messages; the key itself where there is none.
std::string GgufKeyName(std::string_view key, const std::string& architecture);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_GGUF_CONFIG_H_
