// Converts GGUF metadata to a config.json. The keys of GGUF are in
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
#include "engine/architectures/gguf_config.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/architectures/config_reader.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

enum class KeyType { kInt, kFloat, kBool, kString };

// A key of config.json and its name in GGUF.
struct Key {
  const char* config;
  // Without the prefix, which is the architecture.
  const char* gguf;
  KeyType type;
};

constexpr Key kKeys[] = {
    {"num_hidden_layers", "block_count", KeyType::kInt},
    {"hidden_size", "embedding_length", KeyType::kInt},
    {"intermediate_size", "feed_forward_length", KeyType::kInt},
    {"num_attention_heads", "attention.head_count", KeyType::kInt},
    {"num_key_value_heads", "attention.head_count_kv", KeyType::kInt},
    {"head_dim", "attention.key_length", KeyType::kInt},
    {"value_head_dim", "attention.value_length", KeyType::kInt},
    {"max_position_embeddings", "context_length", KeyType::kInt},
    {"vocab_size", "vocab_size", KeyType::kInt},
    {"rms_norm_eps", "attention.layer_norm_rms_epsilon", KeyType::kFloat},
    {"layer_norm_eps", "attention.layer_norm_epsilon", KeyType::kFloat},
    {"sliding_window", "attention.sliding_window", KeyType::kInt},
    {"attn_logit_softcapping", "attn_logit_softcapping", KeyType::kFloat},
    {"final_logit_softcapping", "final_logit_softcapping", KeyType::kFloat},
    {"use_parallel_residual", "use_parallel_residual", KeyType::kBool},
    {"rotary_dim", "rope.dimension_count", KeyType::kInt},
    {"rope_theta", "rope.freq_base", KeyType::kFloat},
};

constexpr Key kScalingKeys[] = {
    {"rope_type", "rope.scaling.type", KeyType::kString},
    {"factor", "rope.scaling.factor", KeyType::kFloat},
    {"original_max_position_embeddings", "rope.scaling.original_context_length", KeyType::kInt},
};

constexpr char kScaling[] = "rope_scaling";

absl::Status Copy(const GgufFile& file, const std::string& name, const Key& key, Json* out) {
  switch (key.type) {
    case KeyType::kInt: {
      const absl::StatusOr<int64_t> value = file.GetInt(name, INT64_MIN, INT64_MAX);
      if (value.ok()) (*out)[key.config] = *value;
      return value.status();
    }
    case KeyType::kFloat: {
      const absl::StatusOr<double> value = file.GetFloat(name);
      if (value.ok()) (*out)[key.config] = *value;
      return value.status();
    }
    case KeyType::kBool: {
      const absl::StatusOr<bool> value = file.GetBool(name);
      if (value.ok()) (*out)[key.config] = *value;
      return value.status();
    }
    case KeyType::kString: {
      const absl::StatusOr<std::string> value = file.GetString(name);
      if (value.ok()) (*out)[key.config] = *value;
      return value.status();
    }
  }
  return absl::OkStatus();
}

template <size_t kCount>
absl::Status CopyAll(const GgufFile& file, const std::string& architecture,
                     const Key (&keys)[kCount], Json* out) {
  for (const Key& key : keys) {
    const std::string name = absl::StrCat(architecture, ".", key.gguf);
    if (!file.HasKey(name)) continue;
    RETURN_IF_ERROR(Copy(file, name, key, out));
  }
  return absl::OkStatus();
}

// Sets the properties that GGUF has no key for.
void DescribeTensors(const GgufFile& file, Json* out) {
  Json& config = *out;
  config["attention_bias"] =
      file.Contains("blk.0.attn_q.bias") || file.Contains("blk.0.attn_qkv.bias");
  config["use_qkv_bias"] = config["attention_bias"];
  config["attention_output_bias"] = file.Contains("blk.0.attn_output.bias");
  config["mlp_bias"] = file.Contains("blk.0.ffn_down.bias");
  config["bias"] = config["mlp_bias"];
  config["qk_layernorm"] = file.Contains("blk.0.attn_q_norm.weight");
  config["tie_word_embeddings"] = !file.Contains("output.weight");
  // GGUF stores the weights of norms with the offset added.
  config["norm_weight_offset"] = 0.0;
  // These keys tell the description of Falcon whether a block has two norms.
  config["new_decoder_architecture"] = true;
  config["num_ln_in_parallel_attn"] = file.Contains("blk.0.attn_norm_2.weight") ? 2 : 1;
  const std::vector<int64_t>* embedding = file.FindShape("token_embd.weight");
  if (!config.contains("vocab_size") && embedding != nullptr && embedding->size() == 2) {
    config["vocab_size"] = embedding->front();
  }
}

// Sets the attention scale, which llama.cpp derives from the size of the model: the 27B of Gemma 2
// and 3 scale by hidden / heads, the others by the head's own size. Sizes come from the file, never
// from a default.
void DescribeGemma(const std::string& architecture, Json* out) {
  constexpr int64_t kLayersOfGemma2Large = 46;
  constexpr int64_t kLayersOfGemma3Large = 62;
  const int64_t layers = out->value("num_hidden_layers", int64_t{0});
  if (architecture != "gemma2" && architecture != "gemma3") return;
  const bool large = (architecture == "gemma2" && layers == kLayersOfGemma2Large) ||
                     (architecture == "gemma3" && layers == kLayersOfGemma3Large);
  const int64_t heads = out->value("num_attention_heads", int64_t{0});
  const int64_t shared = heads > 0 ? out->value("hidden_size", int64_t{0}) / heads : 0;
  if (!out->contains("head_dim") && shared > 0) (*out)["head_dim"] = shared;
  if (!out->contains("num_key_value_heads") && heads > 0) (*out)["num_key_value_heads"] = heads;
  const int64_t scalar = large ? shared : out->value("head_dim", shared);
  if (scalar > 0) (*out)["query_pre_attn_scalar"] = scalar;
}

// Checks the number of factors, which is at most half of the rotated dimensions, before they are
// copied.
absl::Status CheckFactors(const GgufFile& file, const StoredTensor& tensor) {
  constexpr int64_t kMax = ConfigReader::kMaxWidth / 2;
  if (tensor.shape.size() == 1 && tensor.ElementCount() <= kMax) return file.CheckPresent(tensor);
  return absl::DataLossError(absl::StrCat(
      file.path(), ": tensor ", tensor.name, " has ", tensor.shape.size(), " dimensions and ",
      tensor.ElementCount(), " elements; a list of factors has one dimension and at most ", kMax,
      " elements"));
}

// Reads the factors of LongRoPE, which are tensors in GGUF. Those of Llama 3 are tensors too, but
// are loaded with the weights.
absl::Status DescribeLongRope(const GgufFile& file, const std::string& architecture, Json* out) {
  const StoredTensor* shorter = file.FindTensor("rope_factors_short.weight");
  const StoredTensor* longer = file.FindTensor("rope_factors_long.weight");
  if (shorter == nullptr || longer == nullptr) return absl::OkStatus();
  Json& scaling = (*out)[kScaling];
  scaling["rope_type"] = "longrope";
  const absl::StatusOr<double> factor =
      file.GetFloat(absl::StrCat(architecture, ".rope.scaling.attn_factor"));
  if (factor.ok()) scaling["attention_factor"] = *factor;
  for (const auto& [key, tensor] : {std::pair{"short_factor", shorter}, {"long_factor", longer}}) {
    if (tensor->type != GgmlType::kF32) continue;
    RETURN_IF_ERROR(CheckFactors(file, *tensor));
    std::vector<float> values(tensor->data.size() / sizeof(float));
    std::memcpy(values.data(), tensor->data.data(), values.size() * sizeof(float));
    scaling[key] = values;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Json> GgufConfig(const GgufFile& file, const std::string& architecture) {
  Json config = Json::object();
  RETURN_IF_ERROR(CopyAll(file, architecture, kKeys, &config));
  Json scaling = Json::object();
  RETURN_IF_ERROR(CopyAll(file, architecture, kScalingKeys, &scaling));
  if (!scaling.empty()) config[kScaling] = scaling;
  // 0 means that there is no window.
  if (config.value("sliding_window", int64_t{1}) == 0) config.erase("sliding_window");
  RETURN_IF_ERROR(DescribeLongRope(file, architecture, &config));
  DescribeGemma(architecture, &config);
  DescribeTensors(file, &config);
  return config;
}

std::string GgufKeyName(std::string_view key, const std::string& architecture) {
  constexpr std::string_view kScalingPrefix = "rope_scaling.";
  const bool in_scaling = key.substr(0, kScalingPrefix.size()) == kScalingPrefix;
  if (in_scaling) {
    const std::string_view inner = key.substr(kScalingPrefix.size());
    for (const Key& known : kScalingKeys) {
      if (inner == known.config) return absl::StrCat(architecture, ".", known.gguf);
    }
  }
  for (const Key& known : kKeys) {
    if (key == known.config) return absl::StrCat(architecture, ".", known.gguf);
  }
  return std::string(key);
}

}  // namespace assay::engine
