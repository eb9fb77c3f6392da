// Llama 1 to 3 (arXiv:2302.13971, arXiv:2407.21783) and Mistral (arXiv:2310.06825).
#include <cstddef>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeLlama(ConfigReader& read, ModelSpec& spec) { DescribeLlamaLike(read, spec, {}); }

void DescribeMistral(ConfigReader& read, ModelSpec& spec) {
  DescribeLlamaLike(read, spec, {});
  // transformers 5 uses 4096 for configurations without a window.
  const std::vector<bool> all(static_cast<size_t>(spec.layers), true);
  ReadWindow(read, spec, /*default_window=*/4096, all);
}

}  // namespace

Architecture Llama() {
  return {.name = "llama",
          .model_types = {"llama"},
          .describe = DescribeLlama,
          .names = LlamaNames(),
          .gguf_neighbor_rope = true};
}

// GGUF files of Mistral have the architecture "llama".
Architecture Mistral() {
  return {.name = "mistral",
          .model_types = {"mistral"},
          .describe = DescribeMistral,
          .names = LlamaNames(),
          .in_gguf = false};
}

}  // namespace assay::engine
