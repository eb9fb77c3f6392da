// The supported architectures: the structure of each and the names of its tensors.
//
// docs/reference/architectures.md describes how to add one.
#ifndef ASSAY_ENGINE_ARCHITECTURES_ARCHITECTURE_H_
#define ASSAY_ENGINE_ARCHITECTURES_ARCHITECTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// The order of the Q, K and V rows in a checkpoint's fused projection.
enum class QkvLayout {
  kStacked,   // The rows of all Q heads, then of all K heads, then of all V heads.
  kPerGroup,  // For each KV head the rows of its Q heads, its K head and its V head (BLOOM,
              // Falcon).
};

// The role of a tensor and its name in a checkpoint, both without ".weight" or ".bias". Roles are
// GGUF's names without "blk.N." ("attn_q", "token_embd"). In `name`, "*" is the layer, "#" is the
// head, and a leading "/" means that the name has no prefix.
struct TensorName {
  const char* role;
  const char* name;
};

// How models of one architecture are described and stored.
struct Architecture {
  // The value of general.architecture in GGUF files.
  const char* name;
  // The values of model_type in config.json.
  std::vector<const char*> model_types;
  // Fills `spec` from the hyperparameters, whose keys are those of config.json. The reader keeps
  // errors.
  void (*describe)(ConfigReader& read, ModelSpec& spec);
  // The names in Hugging Face checkpoints.
  std::vector<TensorName> names;
  // The possible prefixes of the names. The first that matches a tensor of the file is used.
  std::vector<const char*> prefixes = {"model."};
  QkvLayout qkv_layout = QkvLayout::kStacked;
  // True if matrices are stored as [in, out] (GPT-2's Conv1D).
  bool transposed = false;
  // False if GGUF files of the architecture are not supported.
  bool in_gguf = true;
  // True if GGUF files store the two rows that are rotated together as neighbors.
  bool gguf_neighbor_rope = false;
  // The names in GGUF files that differ from the role. They are used if the file has the tensor.
  std::vector<TensorName> gguf_names = {};
  // True if the models are encoders: ModelSpec::encoder.
  bool encoder = false;
  // The beginnings of the names of tensors that a checkpoint may have and that are not read: the
  // heads of an encoder, and tables that are recomputed.
  std::vector<const char*> unused_prefixes = {};
};

// Returns all supported architectures.
absl::Span<const Architecture> Architectures();

// Returns null if no supported architecture has the name.
const Architecture* FindGgufArchitecture(std::string_view name);
const Architecture* FindModelType(std::string_view model_type);

// Return "llama, mistral, ..." for messages.
std::string ModelTypesText();
std::string GgufArchitecturesText();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_ARCHITECTURE_H_
