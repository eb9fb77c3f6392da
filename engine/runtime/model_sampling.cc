// The sampling parameters that a model's publisher suggests.
#include "engine/runtime/model_sampling.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/formats/gguf.h"
#include "engine/formats/json_file.h"
#include "engine/runtime/generation/sampling.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxConfigBytes = 16 << 20;

// A suggestion that changes the distribution and that the sampler does not have, with the value
// that turns it off.
struct OtherParameter {
  const char* key;
  double off;
};

constexpr OtherParameter kOthers[] = {
    {"epsilon_cutoff", 0.0}, {"eta_cutoff", 0.0},     {"no_repeat_ngram_size", 0.0},
    {"penalty_alpha", 0.0},  {"presence_penalty", 0}, {"frequency_penalty", 0},
};

// The keys of GGUF and their names in generation_config.json. llama.cpp's converter copies them.
constexpr std::pair<const char*, const char*> kGgufKeys[] = {
    {"general.sampling.temp", "temperature"},
    {"general.sampling.top_p", "top_p"},
    {"general.sampling.top_k", "top_k"},
    {"general.sampling.min_p", "min_p"},
    {"general.sampling.penalty_repeat", "repetition_penalty"},
};

Json ReadFolder(const ModelFiles& files) {
  const std::filesystem::path path =
      std::filesystem::path(files.tensors->path()) / "generation_config.json";
  absl::StatusOr<Json> json = ReadJsonFile(path.string(), kMaxConfigBytes);
  if (!json.ok() || !json->is_object() || json->value("do_sample", Json()) != true) return {};
  // The defaults of transformers' sampling.
  constexpr int kDefaultTopK = 50;
  if (json->value("temperature", Json()).is_null()) (*json)["temperature"] = 1.0;
  if (json->value("top_k", Json()).is_null()) (*json)["top_k"] = kDefaultTopK;
  return *std::move(json);
}

Json ReadGguf(const GgufFile& file) {
  Json json = Json::object();
  for (const auto& [key, name] : kGgufKeys) {
    if (!file.HasKey(key)) continue;
    const absl::StatusOr<double> number = file.GetFloat(key);
    const absl::StatusOr<int64_t> whole = file.GetInt(key, INT64_MIN, INT64_MAX);
    if (number.ok()) json[name] = *number;
    if (!number.ok() && whole.ok()) json[name] = *whole;
  }
  return json;
}

// Returns the number under `key` if the sampler accepts it, otherwise adds it to the ignored.
template <typename T>
std::optional<T> ReadParameter(const Json& json, const char* key, T SamplingParams::* field,
                               std::vector<std::string>* ignored) {
  const Json value = json.value(key, Json());
  if (value.is_null()) return std::nullopt;
  SamplingParams params;
  // The range of the field's type is checked before the conversion, which is undefined outside it.
  constexpr double kMax = 1e9;
  const double number = value.is_number() ? value.get<double>() : -1.0;
  const bool in_range = number >= 0.0 && number <= kMax;
  if (in_range) params.*field = static_cast<T>(number);
  if (!in_range || !ValidateSampling(params).ok()) {
    ignored->push_back(absl::StrCat(key, " ", ShortJson(value)));
    return std::nullopt;
  }
  return params.*field;
}

}  // namespace

std::string ModelSampling::Describe() const {
  std::vector<std::string> parts;
  if (temperature.has_value()) parts.push_back(absl::StrCat("temperature ", *temperature));
  if (top_p.has_value()) parts.push_back(absl::StrCat("top_p ", *top_p));
  if (top_k.has_value()) parts.push_back(absl::StrCat("top_k ", *top_k));
  if (min_p.has_value()) parts.push_back(absl::StrCat("min_p ", *min_p));
  if (typical_p.has_value()) parts.push_back(absl::StrCat("typical_p ", *typical_p));
  if (repetition_penalty.has_value()) {
    parts.push_back(absl::StrCat("repetition_penalty ", *repetition_penalty));
  }
  std::string text = parts.empty() ? "greedy" : absl::StrJoin(parts, ", ");
  if (!ignored.empty()) absl::StrAppend(&text, "; not supported: ", absl::StrJoin(ignored, ", "));
  return text;
}

ModelSampling ReadModelSampling(const ModelFiles& files) {
  const Json json = files.gguf == nullptr ? ReadFolder(files) : ReadGguf(*files.gguf);
  ModelSampling sampling;
  if (!json.is_object()) return sampling;
  sampling.temperature =
      ReadParameter(json, "temperature", &SamplingParams::temperature, &sampling.ignored);
  sampling.top_p = ReadParameter(json, "top_p", &SamplingParams::top_p, &sampling.ignored);
  sampling.top_k = ReadParameter(json, "top_k", &SamplingParams::top_k, &sampling.ignored);
  sampling.min_p = ReadParameter(json, "min_p", &SamplingParams::min_p, &sampling.ignored);
  sampling.typical_p =
      ReadParameter(json, "typical_p", &SamplingParams::typical_p, &sampling.ignored);
  sampling.repetition_penalty = ReadParameter(
      json, "repetition_penalty", &SamplingParams::repetition_penalty, &sampling.ignored);
  for (const OtherParameter& other : kOthers) {
    const Json value = json.value(other.key, Json());
    if (value.is_null() || value == other.off) continue;
    sampling.ignored.push_back(absl::StrCat(other.key, " ", ShortJson(value)));
  }
  return sampling;
}

}  // namespace assay::engine
