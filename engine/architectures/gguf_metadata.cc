// Reads the hyperparameters in the metadata of GGUF files. Keys are those of llama.cpp
// (llama_model_base::load_hparams and load_arch_hparams); see docs/reference/gguf_metadata.md.
#include "engine/architectures/gguf_metadata.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/gguf_config.h"
#include "engine/architectures/gguf_keys.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr char kLayers[] = "block_count";
constexpr char kNormEpsilon[] = "attention.layer_norm_epsilon";
constexpr char kRmsEpsilon[] = "attention.layer_norm_rms_epsilon";
constexpr char kPattern[] = "attention.sliding_window_pattern";

enum class KeyType { kInt, kIntOfLayers, kFloat, kBool };

// A key of config.json and its name in GGUF.
struct Key {
  const char* config;
  // Without the prefix, which is the architecture.
  const char* gguf;
  KeyType type;
  bool required = false;
};

constexpr Key kKeys[] = {
    {"num_hidden_layers", kLayers, KeyType::kInt, true},
    {"hidden_size", "embedding_length", KeyType::kInt, true},
    {"max_position_embeddings", "context_length", KeyType::kInt, true},
    {kGgufWidth, "feed_forward_length", KeyType::kIntOfLayers, true},
    {"num_attention_heads", "attention.head_count", KeyType::kIntOfLayers, true},
    {"num_key_value_heads", "attention.head_count_kv", KeyType::kIntOfLayers},
    {"head_dim", "attention.key_length", KeyType::kInt},
    {kGgufValueDim, "attention.value_length", KeyType::kInt},
    {"vocab_size", "vocab_size", KeyType::kInt},
    {"sliding_window", "attention.sliding_window", KeyType::kInt},
    {"attn_logit_softcapping", "attn_logit_softcapping", KeyType::kFloat},
    {"final_logit_softcapping", "final_logit_softcapping", KeyType::kFloat},
    {kGgufRotaryDim, "rope.dimension_count", KeyType::kInt},
};

bool HasLayerNorm(std::string_view architecture) {
  for (const std::string_view known : {"bloom", "falcon", "gpt2", "gptneox", "phi2", "stablelm"}) {
    if (architecture == known) return true;
  }
  return false;
}

// Reads the metadata of one architecture and keeps the first error.
class MetadataReader {
 public:
  MetadataReader(const GgufFile& file, const std::string& architecture)
      : file_(file), architecture_(architecture) {}

  absl::Status Read(Json* out) {
    for (const Key& key : kKeys) Copy(key, out);
    const bool is_layer_norm = HasLayerNorm(architecture_);
    Copy({kGgufNormEpsilon, is_layer_norm ? kNormEpsilon : kRmsEpsilon, KeyType::kFloat, true},
         out);
    if (architecture_ == "gptneox") {
      Copy({"use_parallel_residual", "use_parallel_residual", KeyType::kBool, true}, out);
    }
    if (status_.ok()) RefuseUnsupported(*out);
    if (status_.ok()) ReadPattern(out);
    return status_;
  }

 private:
  std::string NameOf(const char* key) const { return absl::StrCat(architecture_, ".", key); }

  template <typename T>
  void Set(const char* key, const absl::StatusOr<T>& value, Json* out) {
    if (value.ok()) (*out)[key] = *value;
    status_.Update(value.status());
  }

  void Copy(const Key& key, Json* out) {
    const std::string name = NameOf(key.gguf);
    if (!file_.HasKey(name)) {
      if (!key.required) return;
      status_.Update(absl::DataLossError(absl::StrCat(
          file_.path(), ": the key ", name,
          " is missing; llama.cpp requires it too: convert or download the model again")));
      return;
    }
    switch (key.type) {
      case KeyType::kInt:
        return Set(key.config, file_.GetInt(name, INT64_MIN, INT64_MAX), out);
      case KeyType::kIntOfLayers:
        return Set(key.config, IntOfLayers(name, *out), out);
      case KeyType::kFloat:
        return Set(key.config, file_.GetFloat(name), out);
      case KeyType::kBool:
        return Set(key.config, file_.GetBool(name), out);
    }
  }

  // Returns a number that may be an array with an entry per layer. Entries that differ are refused:
  // llama.cpp refuses them for the same architectures, because it checks the shapes of all layers
  // with the values of the first.
  absl::StatusOr<int64_t> IntOfLayers(const std::string& name, const Json& config) const {
    if (!file_.IsArray(name)) return file_.GetInt(name, INT64_MIN, INT64_MAX);
    ASSIGN_OR_RETURN(const std::vector<int64_t> values, file_.GetInts(name));
    const int64_t layers = config.value("num_hidden_layers", int64_t{0});
    if (static_cast<int64_t>(values.size()) != layers || values.empty()) {
      return absl::DataLossError(absl::StrCat(file_.path(), ": ", name, " has ", values.size(),
                                              " entries; ", NameOf(kLayers), " is ", layers));
    }
    const auto other = std::find_if(values.begin(), values.end(),
                                    [&](int64_t value) { return value != values.front(); });
    if (other == values.end()) return values.front();
    return absl::UnimplementedError(
        absl::StrCat(file_.path(), ": ", name, " is ", values.front(), " in layer 0 and ", *other,
                     " in layer ", other - values.begin(), "; the layers of the architecture '",
                     architecture_, "' must have equal sizes, in llama.cpp too"));
  }

  // Refuses properties that change the result and that the transformer does not compute.
  void RefuseUnsupported(const Json& config) {
    RefuseIfAbove("expert_count", 0, "mixtures of experts are not supported");
    RefuseIfAbove("nextn_predict_layers", 0, "layers that predict later tokens are not supported");
    const std::string causal = NameOf("attention.causal");
    if (file_.HasKey(causal)) {
      const absl::StatusOr<bool> value = file_.GetBool(causal);
      status_.Update(value.status());
      if (value.ok() && !*value) {
        Refuse(causal, "false", "attention to later tokens is not supported");
      }
    }
    for (const auto& [key, own] : {std::pair{"attention.key_length_swa", "head_dim"},
                                   {"attention.value_length_swa", kGgufValueDim},
                                   {"rope.dimension_count_swa", kGgufRotaryDim},
                                   {"embedding_length_out", "hidden_size"}}) {
      const std::string name = NameOf(key);
      if (!file_.HasKey(name)) continue;
      const absl::StatusOr<int64_t> value = file_.GetInt(name, INT64_MIN, INT64_MAX);
      status_.Update(value.status());
      if (!value.ok() || !config.contains(own) || *value == config[own]) continue;
      Refuse(name, absl::StrCat(*value),
             absl::StrCat("a value other than that of ", GgufKeyName(own, architecture_),
                          " is not supported"));
    }
  }

  void RefuseIfAbove(const char* key, int64_t max, const char* problem) {
    const std::string name = NameOf(key);
    if (!file_.HasKey(name)) return;
    const absl::StatusOr<int64_t> value = file_.GetInt(name, INT64_MIN, INT64_MAX);
    status_.Update(value.status());
    if (value.ok() && *value > max) Refuse(name, absl::StrCat(*value), problem);
  }

  void Refuse(const std::string& name, const std::string& value, const std::string& problem) {
    status_.Update(absl::UnimplementedError(
        absl::StrCat(file_.path(), ": ", name, " is ", value, "; ", problem)));
  }

  // Sets layer_types: which layers have a sliding window is an array, or the period of the layers
  // without one.
  void ReadPattern(Json* out) {
    if (!IsGemma(architecture_)) return;
    const int64_t layers = (*out)["num_hidden_layers"].get<int64_t>();
    if (layers < 1 || layers > ConfigReader::kMaxLayers) return;
    std::vector<int64_t> windowed;
    const std::string name = NameOf(kPattern);
    if (file_.IsArray(name)) {
      absl::StatusOr<std::vector<int64_t>> values = file_.GetInts(name);
      if (!values.ok()) return status_.Update(values.status());
      windowed = *std::move(values);
      if (static_cast<int64_t>(windowed.size()) < layers) {
        return status_.Update(
            absl::DataLossError(absl::StrCat(file_.path(), ": ", name, " has ", windowed.size(),
                                             " entries for ", layers, " layers")));
      }
    } else {
      int64_t period = architecture_ == "gemma2" ? 2 : 6;
      if (file_.HasKey(name)) {
        const absl::StatusOr<int64_t> own = file_.GetInt(name, 0, ConfigReader::kMaxLayers);
        if (!own.ok()) return status_.Update(own.status());
        period = *own;
      }
      // Zero means that all layers have a window.
      for (int64_t i = 0; i < layers; ++i) windowed.push_back(period == 0 || (i + 1) % period != 0);
    }
    Json types = Json::array();
    for (int64_t i = 0; i < layers; ++i) {
      const bool is_windowed = windowed[static_cast<size_t>(i)] != 0;
      types.push_back(is_windowed ? "sliding_attention" : "full_attention");
    }
    (*out)["layer_types"] = std::move(types);
  }

  const GgufFile& file_;
  const std::string& architecture_;
  absl::Status status_;
};

}  // namespace

bool IsGemma(std::string_view architecture) {
  return architecture == "gemma2" || architecture == "gemma3";
}

absl::Status ReadGgufMetadata(const GgufFile& file, const std::string& architecture, Json* config) {
  return MetadataReader(file, architecture).Read(config);
}

const char* GgufMetadataKey(std::string_view key, std::string_view architecture) {
  if (key == kGgufNormEpsilon) return HasLayerNorm(architecture) ? kNormEpsilon : kRmsEpsilon;
  for (const Key& known : kKeys) {
    if (key == known.config) return known.gguf;
  }
  return nullptr;
}

}  // namespace assay::engine
