// A model on disk: what it is, before any weight is read.
#ifndef ASSAY_ENGINE_ARCHITECTURES_MODEL_FILES_H_
#define ASSAY_ENGINE_ARCHITECTURES_MODEL_FILES_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/architectures/architecture.h"
#include "engine/architectures/model_spec.h"
#include "engine/formats/gguf.h"
#include "engine/formats/stored_tensor.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::engine {

// An opened GGUF file, or an opened Hugging Face folder (config.json and safetensors). Immutable,
// thread-safe.
struct ModelFiles {
  // As it was asked for.
  std::string path;
  // The model's name for people.
  std::string name;
  const Architecture* architecture;
  ModelSpec spec;
  std::unique_ptr<TensorSource> tensors;
  // `tensors` if it is a GGUF file, else null.
  const GgufFile* gguf;

  int64_t ParameterCount() const;
  // The type most weights have ("Q4_1").
  std::string MainType() const;
};

// What a config.json says.
struct ModelConfig {
  const Architecture* architecture;
  ModelSpec spec;
};

// Reads a config.json; `path` is for messages. DATA_LOSS, UNIMPLEMENTED as OpenModelFiles.
absl::StatusOr<ModelConfig> ReadModelConfig(const nlohmann::json& config, const std::string& path);

// Reads headers and configuration (milliseconds). NOT_FOUND (no such path), DATA_LOSS (damaged, or
// a folder without config.json or weights), UNIMPLEMENTED (an architecture, activation or scaling
// that is not computed yet, by name), FAILED_PRECONDITION (pickled weights only), INVALID_ARGUMENT
// (a file that is no GGUF file, or a folder of them).
absl::StatusOr<ModelFiles> OpenModelFiles(const std::string& path);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_MODEL_FILES_H_
