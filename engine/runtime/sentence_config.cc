// How the token vectors of an encoder become one vector of a text.
#include "engine/runtime/sentence_config.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/architectures/config_reader.h"
#include "engine/formats/json_file.h"
#include "engine/formats/quoted.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxModules = 16;
constexpr char kPoolingFolder[] = "1_Pooling";

// Returns an empty object if the file does not exist.
absl::StatusOr<Json> ReadOptional(const std::string& path) {
  absl::StatusOr<Json> json = ReadJsonFile(path, kMaxFileBytes);
  if (absl::IsNotFound(json.status())) return Json::object();
  return json;
}

// The modules that a folder lists.
struct Modules {
  // The folder of the pooling's configuration, below the model's folder.
  std::string pooling = kPoolingFolder;
  bool normalizes = false;
};

// "sentence_transformers.models.Pooling" -> "Pooling".
std::string LastPart(const std::string& type) { return type.substr(type.rfind('.') + 1); }

absl::Status AddModule(ConfigReader& module, size_t index, Modules* modules) {
  const std::string type = LastPart(module.StringOr({"type"}, ""));
  const std::string path = module.StringOr({"path"}, "");
  if (type == "Transformer") {
    if (index != 0 || !path.empty()) {
      module.Unsupported(absl::StrCat("module ", index, " is a Transformer at ", Quoted(path),
                                      "; only a first module in the model's own folder is "
                                      "supported"));
    }
  } else if (type == "Pooling") {
    // A path must not leave the folder of the model.
    if (path.empty() || path.find_first_of("/\\") != std::string::npos || path == "..") {
      module.Fail(absl::StrCat("the path of module ", index, " is ", Quoted(path),
                               "; it must be the name of a folder"));
    }
    modules->pooling = path;
  } else if (type == "Normalize") {
    modules->normalizes = true;
  } else {
    module.Unsupported(absl::StrCat("module ", index, " has the type ", Quoted(type),
                                    "; the supported ones are Transformer, Pooling and Normalize"));
  }
  return module.status();
}

absl::StatusOr<std::optional<Modules>> ReadModules(const std::string& path) {
  const absl::StatusOr<Json> json = ReadJsonArrayFile(path, kMaxFileBytes);
  if (absl::IsNotFound(json.status())) return std::nullopt;
  if (!json.ok()) return json.status();
  if (json->size() > kMaxModules) {
    return absl::DataLossError(
        absl::StrCat(path, ": has ", json->size(), " modules; at most ", kMaxModules));
  }
  Modules modules;
  bool has_pooling = false;
  for (size_t i = 0; i < json->size(); ++i) {
    if (!(*json)[i].is_object()) {
      return absl::DataLossError(absl::StrCat(path, ": module ", i, " is not an object"));
    }
    ConfigReader module((*json)[i], path);
    RETURN_IF_ERROR(AddModule(module, i, &modules));
    has_pooling = has_pooling || LastPart(module.StringOr({"type"}, "")) == "Pooling";
  }
  if (has_pooling) return modules;
  return absl::UnimplementedError(
      absl::StrCat(path, ": has no Pooling module; encoders without pooling are not supported"));
}

struct PoolingMode {
  const char* name;
  Pooling pooling;
};
constexpr PoolingMode kModes[] = {
    {"mean", Pooling::kMean}, {"cls", Pooling::kCls}, {"max", Pooling::kMax}};

// Newer files have "pooling_mode", older ones a flag for each mode, several of which concatenate.
void ReadPooling(ConfigReader& read, int64_t hidden, Pooling* out) {
  const int64_t width = read.IntOr({"word_embedding_dimension", "embedding_dimension"},
                                   ConfigReader::kMaxWidth, hidden);
  if (width != hidden) {
    read.Fail(absl::StrCat("word_embedding_dimension is ", width, "; the model has ", hidden));
  }
  std::vector<std::string> modes;
  if (read.Has("pooling_mode")) modes.push_back(read.StringOr({"pooling_mode"}, ""));
  for (const auto& [key, value] : read.json().items()) {
    constexpr std::string_view kFlag = "pooling_mode_";
    if (!key.starts_with(kFlag) || !read.BoolOr(key.c_str(), false)) continue;
    std::string mode = key.substr(kFlag.size());
    mode.resize(std::min(mode.size(), mode.rfind("_token")));
    modes.push_back(std::move(mode));
  }
  if (modes.empty() && read.json().empty()) return;
  for (const PoolingMode& mode : kModes) {
    if (modes.size() == 1 && modes.front() == mode.name) {
      *out = mode.pooling;
      return;
    }
  }
  read.Unsupported("the pooling mode is not exactly one of cls, mean and max tokens");
}

// Returns the length at which Sentence-Transformers truncates.
absl::StatusOr<int64_t> ReadMaxTokens(const std::filesystem::path& folder, int64_t context) {
  const std::string path = (folder / "sentence_bert_config.json").string();
  ASSIGN_OR_RETURN(const Json json, ReadOptional(path));
  ConfigReader read(json, path);
  if (read.BoolOr("do_lower_case", false)) {
    read.Unsupported("do_lower_case is set; lower case must be a part of the tokenizer");
  }
  int64_t max_tokens = read.IntOr({"max_seq_length"}, ConfigReader::kMaxContext, context);
  if (!read.status().ok()) return read.status();
  if (!read.Has("max_seq_length")) {
    const std::string tokenizer_path = (folder / "tokenizer_config.json").string();
    ASSIGN_OR_RETURN(const Json tokenizer, ReadOptional(tokenizer_path));
    // A tokenizer without a limit has the number 1e30 here.
    const auto length = tokenizer.find("model_max_length");
    if (length != tokenizer.end() && length->is_number_unsigned() &&
        length->get<uint64_t>() < static_cast<uint64_t>(context)) {
      max_tokens = length->get<int64_t>();
    }
  }
  max_tokens = std::min(max_tokens, context);
  constexpr int64_t kSpecialTokens = 2;
  if (max_tokens > kSpecialTokens) return max_tokens;
  return absl::DataLossError(absl::StrCat(path, ": the maximum length of a text is ", max_tokens,
                                          " tokens; it must be more than the ", kSpecialTokens,
                                          " special tokens"));
}

}  // namespace

std::string SentenceConfig::Describe() const {
  const auto* const mode = std::find_if(std::begin(kModes), std::end(kModes),
                                        [this](const auto& m) { return m.pooling == pooling; });
  return absl::StrCat(mode->name, " pooling, ", normalizes ? "L2 normalization, " : "", "at most ",
                      max_tokens, " tokens");
}

absl::StatusOr<SentenceConfig> ReadSentenceConfig(const std::string& folder, int64_t hidden,
                                                  int64_t context) {
  const std::filesystem::path root(folder);
  SentenceConfig config;
  ASSIGN_OR_RETURN(const std::optional<Modules> modules,
                   ReadModules((root / "modules.json").string()));
  if (modules.has_value()) config.normalizes = modules->normalizes;
  const std::string path =
      (root / (modules.has_value() ? modules->pooling : kPoolingFolder) / "config.json").string();
  ASSIGN_OR_RETURN(const Json pooling, ReadOptional(path));
  ConfigReader read(pooling, path);
  ReadPooling(read, hidden, &config.pooling);
  if (!read.status().ok()) return read.status();
  ASSIGN_OR_RETURN(config.max_tokens, ReadMaxTokens(root, context));
  return config;
}

std::vector<float> Pool(Pooling pooling, absl::Span<const float> tokens, int64_t width) {
  const auto columns = static_cast<size_t>(width);
  const size_t rows = tokens.size() / columns;
  std::vector<float> vector(tokens.begin(), tokens.begin() + width);
  if (pooling == Pooling::kCls) return vector;
  for (size_t column = 0; column < columns; ++column) {
    double sum = 0;
    float max = tokens[column];
    for (size_t row = 0; row < rows; ++row) {
      const float value = tokens[row * columns + column];
      sum += value;
      max = std::max(max, value);
    }
    vector[column] =
        pooling == Pooling::kMax ? max : static_cast<float>(sum / static_cast<double>(rows));
  }
  return vector;
}

void NormalizeL2(absl::Span<float> vector) {
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * value;
  if (squares == 0) return;
  const double norm = std::sqrt(squares);
  for (float& value : vector) value = static_cast<float>(value / norm);
}

}  // namespace assay::engine
