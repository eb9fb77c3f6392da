// Converts GGUF metadata to a config.json. Keys and defaults are those of llama.cpp
// (llama_model_base::load_hparams and load_arch_hparams); see docs/reference/gguf_metadata.md.
#include "engine/architectures/gguf_config.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/architectures/gguf_keys.h"
#include "engine/architectures/gguf_metadata.h"
#include "engine/architectures/gguf_rope.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

// Sets the values that llama.cpp gives to missing keys, where those of config.json differ.
void SetDefaults(const std::string& architecture, Json* out) {
  Json& config = *out;
  const auto set = [&](const char* key, const Json& value) {
    if (!config.contains(key)) config[key] = value;
  };
  const int64_t heads = config["num_attention_heads"].get<int64_t>();
  const int64_t share = heads > 0 ? config["hidden_size"].get<int64_t>() / heads : 0;
  set("num_key_value_heads", heads);
  if (share > 0) {
    set("head_dim", share);
    set(kGgufValueDim, share);
  }
  set(kGgufRotaryDim, config["head_dim"]);
  if (architecture == "gemma2") set("sliding_window", 4096);
  // 0 means that there is no window, as does a missing key for other architectures.
  if (!config.contains("sliding_window") || config["sliding_window"] == 0) {
    config["sliding_window"] = nullptr;
  }
}

// Sets the properties that GGUF has no key for.
void DescribeTensors(const GgufFile& file, const std::string& architecture, Json* out) {
  Json& config = *out;
  config["attention_bias"] =
      file.Contains("blk.0.attn_q.bias") || file.Contains("blk.0.attn_qkv.bias");
  config["use_qkv_bias"] = config["attention_bias"];
  config[kGgufOutputBias] = file.Contains("blk.0.attn_output.bias");
  config["mlp_bias"] = file.Contains("blk.0.ffn_down.bias");
  config["bias"] = config["mlp_bias"];
  config["qk_layernorm"] = file.Contains("blk.0.attn_q_norm.weight");
  config["tie_word_embeddings"] = !file.Contains("output.weight");
  config[kGgufNormOffset] = 0.0;
  // These keys tell the description of Falcon whether a block has two norms.
  config["new_decoder_architecture"] = true;
  config["num_ln_in_parallel_attn"] = file.Contains("blk.0.attn_norm_2.weight") ? 2 : 1;
  // The blocks of a StableLM without a second norm are parallel.
  if (architecture == "stablelm") {
    config["use_parallel_residual"] = !file.Contains("blk.0.ffn_norm.weight");
  }
  // The vocabulary is what the embedding has, whatever the key says.
  const std::vector<int64_t>* embedding = file.FindShape("token_embd.weight");
  if (embedding != nullptr && embedding->size() == 2) config["vocab_size"] = embedding->front();
}

// Sets the attention scale, which llama.cpp derives from the size of the model: the 27B of Gemma 2
// and 3 scale by hidden / heads, the others by the head's own size. Sizes come from the file, never
// from a default.
void DescribeGemma(const std::string& architecture, Json* out) {
  constexpr int64_t kLayersOfGemma2Large = 46;
  constexpr int64_t kLayersOfGemma3Large = 62;
  if (!IsGemma(architecture)) return;
  const int64_t layers = (*out)["num_hidden_layers"].get<int64_t>();
  const bool large =
      layers == (architecture == "gemma2" ? kLayersOfGemma2Large : kLayersOfGemma3Large);
  const int64_t heads = (*out)["num_attention_heads"].get<int64_t>();
  const int64_t shared = heads > 0 ? (*out)["hidden_size"].get<int64_t>() / heads : 0;
  const int64_t scalar = large ? shared : out->value("head_dim", shared);
  if (scalar > 0) (*out)["query_pre_attn_scalar"] = scalar;
}

}  // namespace

absl::StatusOr<Json> GgufConfig(const GgufFile& file, const std::string& architecture) {
  Json config = Json::object();
  RETURN_IF_ERROR(ReadGgufMetadata(file, architecture, &config));
  RETURN_IF_ERROR(DescribeGgufRope(file, architecture, &config));
  SetDefaults(architecture, &config);
  DescribeGemma(architecture, &config);
  DescribeTensors(file, architecture, &config);
  return config;
}

std::string GgufKeyName(std::string_view key, const std::string& architecture) {
  if (const char* known = GgufMetadataKey(key, architecture)) {
    return absl::StrCat(architecture, ".", known);
  }
  const char* rope = nullptr;
  std::string_view inner = key;
  for (const std::string_view part :
       {"rope_parameters.", "full_attention.", "sliding_attention."}) {
    if (inner.substr(0, part.size()) == part) inner.remove_prefix(part.size());
  }
  if (inner != key) rope = GgufRopeKey(inner);
  if (key == "original_max_position_embeddings") rope = GgufRopeKey(key);
  if (key == kGgufWindowBase) rope = "rope.freq_base_swa";
  return rope == nullptr ? std::string(key) : absl::StrCat(architecture, ".", rope);
}

}  // namespace assay::engine
