// SmolLM3 (https://huggingface.co/blog/smollm3): Llama without positions in every fourth layer.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeSmolLm3(ConfigReader& read, ModelSpec& spec) {
  constexpr int64_t kInterval = 4;
  DescribeLlamaLike(
      read, spec,
      {.tied = true,
       .vocab = 128256,
       .hidden = 2048,
       .layers = 36,
       .heads = 16,
       .kv_heads = 4,
       .context = 32768,
       .width = 11008},
      {.attention_bias_key = true, .mlp_bias_key = true, .rope = RopeDefaults{.base = 2e6}});
  const auto layers = static_cast<size_t>(spec.layers);
  // Despite the key's name, 1 means that a layer has rotary positions.
  const std::vector<int64_t> listed = read.IntsOrEmpty("no_rope_layers", layers);
  const int64_t interval =
      read.IntOr({"no_rope_layer_interval"}, ConfigReader::kMaxLayers, kInterval);
  for (size_t i = 0; i < layers; ++i) {
    const bool by_interval = (static_cast<int64_t>(i) + 1) % interval != 0;
    spec.rotary_layers.push_back(listed.empty() ? by_interval
                                                : i < listed.size() && listed[i] != 0);
  }
  if (!listed.empty() && listed.size() != layers) {
    read.Fail(
        absl::StrCat("no_rope_layers has ", listed.size(), " entries for ", layers, " layers"));
  }
  if (!read.BoolOr("use_sliding_window", false)) return;
  std::vector<bool> windowed = spec.rotary_layers;
  windowed.flip();
  ReadWindow(read, spec, /*default_window=*/0, windowed);
}

}  // namespace

Architecture SmolLm3() {
  return {.name = "smollm3",
          .model_types = {"smollm3"},
          .describe = DescribeSmolLm3,
          .names = LlamaNames(),
          .gguf_neighbor_rope = true};
}

}  // namespace assay::engine
