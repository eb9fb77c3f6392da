// The architectures that are read: for each, what it is made of and what its tensors are called.
//
// How to add one: docs/architectures.md.
#ifndef ASSAY_ENGINE_ARCHITECTURES_ARCHITECTURE_H_
#define ASSAY_ENGINE_ARCHITECTURES_ARCHITECTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// How rows of queries, keys and values lie in a checkpoint's fused projection.
enum class QkvLayout {
  kStacked,   // All queries, all keys, all values.
  kPerGroup,  // Of each key/value head its queries, its key and its value (BLOOM, Falcon).
};

// The role of a tensor and its name in a checkpoint, both without ".weight" or ".bias". Roles are
// GGUF's names without "blk.N." ("attn_q", "token_embd"). In `name`, "*" stands for the layer, "#"
// for the head, and a "/" in front for a name that takes no prefix.
struct TensorName {
  const char* role;
  const char* name;
};

struct Architecture {
  // GGUF's general.architecture.
  const char* name;
  // config.json's model_type.
  std::vector<const char*> model_types;
  // Reads the hyperparameters in config.json's words; problems are kept by the reader.
  void (*describe)(ConfigReader& read, ModelSpec& spec);
  // Of Hugging Face checkpoints; the prefix is the first of `prefixes` that fits the file.
  std::vector<TensorName> names;
  std::vector<const char*> prefixes = {"model."};
  QkvLayout qkv_layout = QkvLayout::kStacked;
  // Matrices lie as [in, out] (GPT-2's Conv1D).
  bool transposed = false;
  // False: GGUF files of it are not read.
  bool in_gguf = true;
  // GGUF files hold the two rows that are rotated together as neighbours.
  bool gguf_neighbour_rope = false;
  // Where GGUF's name of a role is not the role itself; taken if the file has the tensor.
  std::vector<TensorName> gguf_names = {};
};

absl::Span<const Architecture> Architectures();

// Null if there is none of that name.
const Architecture* FindGgufArchitecture(std::string_view name);
const Architecture* FindModelType(std::string_view model_type);

// "llama, mistral, ..." for messages.
std::string ModelTypesText();
std::string GgufArchitecturesText();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_ARCHITECTURE_H_
