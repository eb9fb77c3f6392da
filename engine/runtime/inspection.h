// Inspection of a model on disk without loading it: architecture, tensors, memory.
#ifndef ASSAY_ENGINE_RUNTIME_INSPECTION_H_
#define ASSAY_ENGINE_RUNTIME_INSPECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/runtime/language_model.h"
#include "engine/runtime/model_sampling.h"

namespace assay::engine {

// The tensors of one stored type.
struct StoredShare {
  // For example "Q4_1", "BF16".
  std::string type;
  // False if tensors of this type are not supported yet.
  bool is_read = true;
  int64_t tensors;
  int64_t parameters;
  int64_t bytes;
};

// The bytes of a resident model: upper bounds within a few percent.
struct MemoryNeed {
  int64_t weights;
  // For ModelInspection::served_context.
  int64_t kv_cache;
  // The activations of one prefill chunk, the position tables, the tokenizer, and the texts that
  // are scored or wait for it.
  int64_t working;

  int64_t Total() const { return weights + kv_cache + working; }
};

// The memory that a load takes on one device.
struct DeviceNeed {
  std::string device;
  // The type of the computation.
  std::string dtype;
  MemoryNeed need;
  int64_t device_bytes;

  bool Fits() const { return need.Total() <= device_bytes; }
};

// The result of InspectModel().
struct ModelInspection {
  std::string path;
  std::string name;
  // "gguf" or "safetensors".
  std::string format;
  std::string architecture;
  int64_t parameter_count;
  // Sorted by bytes, most first.
  std::vector<StoredShare> types;
  int64_t layers;
  int64_t hidden;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t vocab_size;
  // The model's own context length, and the one that a load without LoadOptions::context_length
  // serves.
  int64_t context_length;
  int64_t served_context;
  // For example "byte-level BPE, 49152 tokens"; or why the tokenizer cannot be read.
  std::string tokenizer;
  // "yes", "yes: default, tool_use", "no (a base model: ...)"; or why the template cannot be read.
  std::string chat_template;
  // For an encoder the number of elements of a vector; 0 for a model that generates text.
  int64_t embedding_dimension = 0;
  // For an encoder how a text becomes a vector: "mean pooling, L2 normalization, at most 256
  // tokens".
  std::string embedding;
  // The sampling that the files suggest.
  ModelSampling sampling;
  // The error with which a load would be refused because of the files or options, or OK: a tensor
  // is missing, unused, or has another shape or type; the tokenizer cannot be read; the device does
  // not support a setting.
  absl::Status loads;
  // Contradictions in the files that do not prevent a load, one sentence each. A load, which reads
  // more, may find others.
  std::vector<std::string> warnings;
  // One entry for each device of this machine on which the model can be loaded. The device of the
  // options is first.
  std::vector<DeviceNeed> devices;
};

// Reserves so many bytes for an inspection, which holds the result until it ends.
using ReserveInspectionFn = std::function<absl::StatusOr<std::shared_ptr<void>>(int64_t bytes)>;

// Reads headers, configuration and tokenizer, but no weights; takes up to a second. At most two
// inspections run at once in the process; others wait, RESOURCE_EXHAUSTED if the deadline of
// options.context passes meanwhile. `reserve`, which may be null, is called before anything is
// parsed, with an upper bound of the memory that the inspection takes; its error ends the
// inspection. Problems of tensors, tokenizer or template are reported in the members for them, not
// as an error. `options` are those of the load; the device may be empty. Other errors as
// LanguageModel::Load().
absl::StatusOr<ModelInspection> InspectModel(LoadOptions options,
                                             const ReserveInspectionFn& reserve = nullptr);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_INSPECTION_H_
