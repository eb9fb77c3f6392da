// Llama 1 to 3 (arXiv:2302.13971, arXiv:2407.21783) and Mistral (arXiv:2310.06825).
#include <cstddef>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeLlama(ConfigReader& read, ModelSpec& spec) {
  DescribeLlamaLike(
      read, spec,
      {.vocab = 32000, .hidden = 4096, .layers = 32, .heads = 32, .context = 2048, .width = 11008},
      {.attention_bias_key = true, .mlp_bias_key = true});
}

void DescribeMistral(ConfigReader& read, ModelSpec& spec) {
  DescribeLlamaLike(read, spec,
                    {.vocab = 32000,
                     .hidden = 4096,
                     .layers = 32,
                     .heads = 32,
                     .kv_heads = 8,
                     .context = 131072,
                     .width = 14336},
                    {});
  // transformers takes a Mistral with layer_types for a Ministral.
  ReadWindow(read, spec, /*default_window=*/4096, AllLayers(spec));
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
