// Hyperparameters by name, with their bounds checked.
#ifndef ASSAY_ENGINE_ARCHITECTURES_CONFIG_READER_H_
#define ASSAY_ENGINE_ARCHITECTURES_CONFIG_READER_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Reads a config.json (or what GgufConfig() makes of GGUF metadata, in the same words) and keeps
// the first error, so that a description reads on without looking at each value: after an error
// every read gives its lowest or fallback value. A null counts as missing. Not thread-safe.
class ConfigReader {
 public:
  // Bounds far above any published model, which keep products of them within 64 bits.
  static constexpr int64_t kMaxLayers = 1024;
  static constexpr int64_t kMaxWidth = 1 << 20;
  static constexpr int64_t kMaxHeads = 4096;
  static constexpr int64_t kMaxVocabulary = 1 << 24;
  static constexpr int64_t kMaxContext = 1 << 24;

  // Messages name `path` and the key as `name_of` spells it, for those who know the file by other
  // names; `config` must outlive the reader.
  ConfigReader(const nlohmann::json& config, std::string path,
               std::function<std::string(std::string_view)> name_of = nullptr);

  bool Has(std::string_view key) const;
  // There, and null: where that is another thing than missing.
  bool IsNull(std::string_view key) const;

  // The first of `keys` that is there, from 1 to `max`. DATA_LOSS if none is, unless `fallback` is
  // given.
  int64_t Int(std::initializer_list<const char*> keys, int64_t max);
  int64_t IntOr(std::initializer_list<const char*> keys, int64_t max, int64_t fallback);
  // In the open interval.
  double Float(std::initializer_list<const char*> keys, double min, double max);
  double FloatOr(std::initializer_list<const char*> keys, double min, double max, double fallback);
  bool BoolOr(const char* key, bool fallback);
  std::string StringOr(std::initializer_list<const char*> keys, const std::string& fallback);
  // Empty without the key.
  std::vector<float> FloatsOrEmpty(const char* key, size_t max_size);
  std::vector<std::string> StringsOrEmpty(const char* key, size_t max_size);
  std::vector<int64_t> IntsOrEmpty(const char* key, size_t max_size);
  // A reader of the object under `key`; an empty one without it.
  ConfigReader Object(const char* key) const;

  // DATA_LOSS and UNIMPLEMENTED, unless there is an error already.
  void Fail(const std::string& message);
  void Unsupported(const std::string& message);
  // Takes over another reader's error.
  void Merge(const ConfigReader& other);

  const absl::Status& status() const { return status_; }
  const nlohmann::json& json() const { return config_; }

 private:
  const nlohmann::json* Find(std::initializer_list<const char*> keys, std::string* found) const;
  std::string NameOf(std::string_view key) const;
  std::string NamesOf(std::initializer_list<const char*> keys) const;
  int64_t CheckedInt(const nlohmann::json& value, const std::string& key, int64_t max);
  double CheckedFloat(const nlohmann::json& value, const std::string& key, double min, double max);
  void WrongType(const std::string& key, const nlohmann::json& value, const char* wanted);

  const nlohmann::json& config_;
  std::string path_;
  std::function<std::string(std::string_view)> name_of_;
  absl::Status status_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_CONFIG_READER_H_
