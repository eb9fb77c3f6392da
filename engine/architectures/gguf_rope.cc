// Converts the rotary positions of GGUF files to rope_parameters of a config.json. Keys and
// defaults are those of llama.cpp (llama_model_base::load_hparams, llama_context); see
// docs/reference/gguf_metadata.md.
#include "engine/architectures/gguf_rope.h"

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
#include "engine/architectures/gguf_keys.h"
#include "engine/formats/quoted.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr char kShortFactors[] = "rope_factors_short.weight";
constexpr char kLongFactors[] = "rope_factors_long.weight";
constexpr double kDefaultBase = 10000.0;
// llama.cpp's value for a key that is not set.
constexpr double kUnset = -1.0;

struct RopeKey {
  // The key in rope_parameters.
  const char* config;
  const char* gguf;
};

constexpr RopeKey kRopeKeys[] = {
    {"rope_theta", "rope.freq_base"},
    {"rope_type", "rope.scaling.type"},
    {"factor", "rope.scaling.factor"},
    {"original_max_position_embeddings", "rope.scaling.original_context_length"},
    {"beta_fast", "rope.scaling.yarn_beta_fast"},
    {"beta_slow", "rope.scaling.yarn_beta_slow"},
    {"mscale_all_dim", "rope.scaling.yarn_log_multiplier"},
    {kGgufAttentionFactor, "rope.scaling.attn_factor"},
};

// Reads keys with the prefix of the architecture.
class RopeReader {
 public:
  RopeReader(const GgufFile& file, const std::string& architecture)
      : file_(file), prefix_(architecture + ".") {}

  std::string NameOf(const char* key) const { return prefix_ + key; }
  bool Has(const char* key) const { return file_.HasKey(NameOf(key)); }

  absl::StatusOr<double> FloatOr(const char* key, double fallback) const {
    return Has(key) ? file_.GetFloat(NameOf(key)) : fallback;
  }
  absl::StatusOr<std::string> StringOr(const char* key, const char* fallback) const {
    return Has(key) ? file_.GetString(NameOf(key)) : std::string(fallback);
  }
  absl::Status CopyInt(const char* key, const char* config_key, Json* out) const {
    if (!Has(key)) return absl::OkStatus();
    ASSIGN_OR_RETURN((*out)[config_key], file_.GetInt(NameOf(key), INT64_MIN, INT64_MAX));
    return absl::OkStatus();
  }
  absl::Status CopyFloat(const char* key, const char* config_key, Json* out) const {
    if (!Has(key)) return absl::OkStatus();
    ASSIGN_OR_RETURN((*out)[config_key], file_.GetFloat(NameOf(key)));
    return absl::OkStatus();
  }

 private:
  const GgufFile& file_;
  const std::string prefix_;
};

// Returns the factor of the positions. Zero and a missing key mean that they are not scaled.
absl::StatusOr<double> Factor(const RopeReader& read) {
  ASSIGN_OR_RETURN(const double old, read.FloatOr("rope.scale_linear", 1.0));
  ASSIGN_OR_RETURN(const double factor, read.FloatOr("rope.scaling.factor", old));
  return factor == 0.0 ? 1.0 : factor;
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
absl::Status ReadFactors(const GgufFile& file, const char* name, double factor, const char* key,
                         Json* scaling) {
  const StoredTensor* tensor = file.FindTensor(name);
  if (tensor == nullptr || tensor->type != GgmlType::kF32) {
    return absl::DataLossError(absl::StrCat(file.path(), ": tensor ", name,
                                            " is missing or not F32; LongRoPE needs both ",
                                            kShortFactors, " and ", kLongFactors));
  }
  RETURN_IF_ERROR(CheckFactors(file, *tensor));
  std::vector<float> values(tensor->data.size() / sizeof(float));
  std::memcpy(values.data(), tensor->data.data(), values.size() * sizeof(float));
  RETURN_IF_ERROR(file.CheckPresent(*tensor));
  for (float& value : values) value *= static_cast<float>(factor);
  (*scaling)[key] = std::move(values);
  return absl::OkStatus();
}

absl::Status DescribeYarn(const GgufFile& file, const RopeReader& read, double factor,
                          Json* scaling) {
  (*scaling)["factor"] = factor;
  ASSIGN_OR_RETURN(const double extrapolation,
                   read.FloatOr("rope.scaling.yarn_ext_factor", kUnset));
  if (extrapolation == 0.0) {
    // Without extrapolation, YaRN is linear scaling with a factor of its own.
    (*scaling)["rope_type"] = "linear";
    ASSIGN_OR_RETURN(const double own, read.FloatOr("rope.scaling.yarn_attn_factor", 1.0));
    (*scaling)[kGgufAttentionFactor] = (*scaling)[kGgufAttentionFactor].get<double>() * own;
    return absl::OkStatus();
  }
  if (extrapolation > 0.0 && extrapolation != 1.0) {
    return absl::UnimplementedError(
        absl::StrCat(file.path(), ": ", read.NameOf("rope.scaling.yarn_ext_factor"), " is ",
                     extrapolation, "; the supported values are 0 and 1"));
  }
  RETURN_IF_ERROR(read.CopyFloat("rope.scaling.yarn_beta_fast", "beta_fast", scaling));
  RETURN_IF_ERROR(read.CopyFloat("rope.scaling.yarn_beta_slow", "beta_slow", scaling));
  (*scaling)["mscale"] = 1.0;
  return read.CopyFloat("rope.scaling.yarn_log_multiplier", "mscale_all_dim", scaling);
}

absl::Status DescribeScaling(const GgufFile& file, const RopeReader& read, Json* scaling) {
  ASSIGN_OR_RETURN(const std::string type, read.StringOr("rope.scaling.type", "linear"));
  ASSIGN_OR_RETURN(const double factor, Factor(read));
  const bool has_factors = file.Contains(kShortFactors) || file.Contains(kLongFactors);
  if (has_factors) {
    (*scaling)["rope_type"] = "longrope";
    // The other factor of LongRoPE is only that of the file.
    (*scaling)["attention_factor"] = 1.0;
    RETURN_IF_ERROR(ReadFactors(file, kShortFactors, factor, "short_factor", scaling));
    return ReadFactors(file, kLongFactors, factor, "long_factor", scaling);
  }
  if (type == "none" || (type != "yarn" && factor == 1.0)) {
    (*scaling)["rope_type"] = "default";
  } else if (type == "linear" || type == "longrope") {
    (*scaling)["rope_type"] = "linear";
    (*scaling)["factor"] = factor;
  } else if (type == "yarn") {
    (*scaling)["rope_type"] = "yarn";
    return DescribeYarn(file, read, factor, scaling);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DescribeGgufRope(const GgufFile& file, const std::string& architecture, Json* config) {
  const RopeReader read(file, architecture);
  ASSIGN_OR_RETURN(const std::string type, read.StringOr("rope.scaling.type", "linear"));
  if (type != "none" && type != "linear" && type != "yarn" && type != "longrope") {
    return absl::UnimplementedError(
        absl::StrCat(file.path(), ": ", read.NameOf("rope.scaling.type"), " is ", Quoted(type),
                     "; the types of GGUF files are none, linear, yarn and longrope"));
  }
  Json scaling = Json::object();
  ASSIGN_OR_RETURN(scaling["rope_theta"], read.FloatOr("rope.freq_base", kDefaultBase));
  ASSIGN_OR_RETURN(scaling[kGgufAttentionFactor], read.FloatOr("rope.scaling.attn_factor", 1.0));
  RETURN_IF_ERROR(DescribeScaling(file, read, &scaling));
  const char* const original = "original_max_position_embeddings";
  scaling[original] = (*config)["max_position_embeddings"];
  RETURN_IF_ERROR(read.CopyInt("rope.scaling.original_context_length", original, &scaling));
  (*config)[original] = scaling[original];
  if (architecture != "gemma3") {
    (*config)["rope_parameters"] = std::move(scaling);
    return read.CopyFloat("rope.freq_base_swa", kGgufWindowBase, config);
  }
  // The factor counts for all layers, the scaling only for those without a window.
  Json window = {{"rope_theta", kDefaultBase},
                 {kGgufAttentionFactor, scaling[kGgufAttentionFactor]}};
  RETURN_IF_ERROR(read.CopyFloat("rope.freq_base_swa", "rope_theta", &window));
  (*config)["rope_parameters"] = {{"full_attention", std::move(scaling)},
                                  {"sliding_attention", std::move(window)}};
  return absl::OkStatus();
}

const char* GgufRopeKey(std::string_view key) {
  for (const RopeKey& known : kRopeKeys) {
    if (key == known.config) return known.gguf;
  }
  return nullptr;
}

}  // namespace assay::engine
