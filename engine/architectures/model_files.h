// The files of a model: configuration and tensor headers, without the weights.
#ifndef ASSAY_ENGINE_ARCHITECTURES_MODEL_FILES_H_
#define ASSAY_ENGINE_ARCHITECTURES_MODEL_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
  // The path that was opened.
  std::string path;
  // The display name of the model.
  std::string name;
  const Architecture* architecture;
  ModelSpec spec;
  std::unique_ptr<TensorSource> tensors;
  // The same object as `tensors` if it is a GGUF file, otherwise null.
  const GgufFile* gguf;
  // Contradictions in the files that do not prevent a load, one sentence each.
  std::vector<std::string> warnings;

  // Returns the number of elements of all tensors.
  int64_t ParameterCount() const;
  // Returns the type of most weights ("Q4_1").
  std::string MainType() const;
};

// The contents of a config.json.
struct ModelConfig {
  const Architecture* architecture;
  ModelSpec spec;
};

// Reads a config.json. `path` is for messages. Returns the DATA_LOSS and UNIMPLEMENTED errors of
// OpenModelFiles().
absl::StatusOr<ModelConfig> ReadModelConfig(const nlohmann::json& config, const std::string& path);

// Opens a GGUF file, a model folder, or a .safetensors file in one. Reads headers and configuration
// (milliseconds). Errors:
//   NOT_FOUND            There is no such path.
//   DATA_LOSS            A file is damaged, or a folder has no config.json or no weights.
//   UNIMPLEMENTED        The architecture, activation or scaling is not supported; the message
//   names
//                        it.
//   FAILED_PRECONDITION  The folder has only pickled weights.
//   INVALID_ARGUMENT     The file is not a GGUF file, or the folder has only GGUF files.
absl::StatusOr<ModelFiles> OpenModelFiles(const std::string& path);

// Returns true if `path` is the folder of an encoder, or a .safetensors file in one. Reads only its
// config.json. False if that cannot be read: OpenModelFiles() returns the error.
bool IsEncoder(const std::string& path);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_MODEL_FILES_H_
