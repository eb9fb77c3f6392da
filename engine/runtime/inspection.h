// What a model on disk is and what it would take, without loading it.
#ifndef ASSAY_ENGINE_RUNTIME_INSPECTION_H_
#define ASSAY_ENGINE_RUNTIME_INSPECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {

// Tensors of one stored type.
struct StoredShare {
  // "Q4_1", "BF16".
  std::string type;
  // False: tensors of this type are not read yet.
  bool is_read = true;
  int64_t tensors;
  int64_t parameters;
  int64_t bytes;
};

// What a model takes when it is resident, bytes; upper bounds within a few per cent.
struct MemoryNeed {
  int64_t weights;
  // For the context below.
  int64_t kv_cache;
  // Activations of one prefill chunk, tables of positions, the tokenizer.
  int64_t working;

  int64_t Total() const { return weights + kv_cache + working; }
};

struct DeviceNeed {
  std::string device;
  // What would be computed in.
  std::string dtype;
  MemoryNeed need;
  int64_t device_bytes;

  bool Fits() const { return need.Total() <= device_bytes; }
};

struct ModelInspection {
  std::string path;
  std::string name;
  // "gguf", "safetensors".
  std::string format;
  std::string architecture;
  int64_t parameter_count;
  // Most bytes first.
  std::vector<StoredShare> types;
  int64_t layers;
  int64_t hidden;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t vocab_size;
  // The model's own, and the one that a load without a context_length serves.
  int64_t context_length;
  int64_t served_context;
  // "byte-level BPE, 49152 tokens"; or why it cannot be read.
  std::string tokenizer;
  // "yes", "no (a base model: ...)"; or why it cannot be read.
  std::string chat_template;
  // What a load would be refused with for the files' sake, or OK: tensors that are missing, of
  // another shape or type or left over, a tokenizer that cannot be read, settings that the device
  // does not have.
  absl::Status loads;
  // One for each device of this machine, the options' own first.
  std::vector<DeviceNeed> devices;
};

// Reads headers, configuration and tokenizer (up to a second), no weights. What only concerns the
// tensors, the tokenizer or the template is told in its place. options: path, and how and where it
// would be loaded; without a device none comes first. `devices` has those of this machine that it
// could be loaded on. Errors as LanguageModel::Load().
absl::StatusOr<ModelInspection> InspectModel(LoadOptions options);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_INSPECTION_H_
