// A reader of hyperparameters that checks their bounds.
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

// Reads a config.json, or the result of GgufConfig(), which has the same keys. Keeps the first
// error, so that a description can continue without checking each value: after an error, every read
// returns its lowest or its fallback value. A null counts as missing. Not thread-safe.
class ConfigReader {
 public:
  // Bounds far above any published model. Products of them fit into 64 bits.
  static constexpr int64_t kMaxLayers = 1024;
  static constexpr int64_t kMaxWidth = 1 << 20;
  static constexpr int64_t kMaxHeads = 4096;
  static constexpr int64_t kMaxVocabulary = 1 << 24;
  static constexpr int64_t kMaxContext = 1 << 24;

  // Errors contain `path` and the key's name in the file, which `name_of` returns (null: the key
  // itself). `config` must outlive the reader.
  ConfigReader(const nlohmann::json& config, std::string path,
               std::function<std::string(std::string_view)> name_of = nullptr);

  // True if the key exists and is not null.
  bool Has(std::string_view key) const;
  // True if the key exists and is null, for keys where that differs from a missing one.
  bool IsNull(std::string_view key) const;

  // Returns the value of the first of `keys` that exists, or `fallback`. It must lie between 1 and
  // `max`.
  int64_t IntOr(std::initializer_list<const char*> keys, int64_t max, int64_t fallback);
  // The same for a number in the open interval from `min` to `max`. Float(): a missing key is an
  // error (DATA_LOSS).
  double Float(std::initializer_list<const char*> keys, double min, double max);
  double FloatOr(std::initializer_list<const char*> keys, double min, double max, double fallback);
  // A null is false, as in Python.
  bool BoolOr(const char* key, bool fallback);
  std::string StringOr(std::initializer_list<const char*> keys, const std::string& fallback);
  // Return a list of at most `max_size` values. Empty if the key is missing.
  std::vector<float> FloatsOrEmpty(const char* key, size_t max_size);
  std::vector<std::string> StringsOrEmpty(const char* key, size_t max_size);
  std::vector<int64_t> IntsOrEmpty(const char* key, size_t max_size);
  // True if Python would take the value for true: it exists and is not null, false, zero or empty.
  bool IsTruthy(std::string_view key) const;
  // Returns a reader of the object under `key`, or of an empty object if the key is missing.
  ConfigReader Object(const char* key) const;
  // Returns a reader of `object`, which must outlive it, as if it were under `key`.
  ConfigReader Of(const char* key, const nlohmann::json& object) const;

  // Sets a DATA_LOSS error unless there is an error already.
  void Fail(const std::string& message);
  // Sets an UNIMPLEMENTED error unless there is an error already.
  void Unsupported(const std::string& message);
  // Adopts another reader's error unless there is an error already.
  void Merge(const ConfigReader& other);

  const absl::Status& status() const { return status_; }
  const nlohmann::json& json() const { return config_; }

 private:
  const nlohmann::json* Find(std::initializer_list<const char*> keys, std::string* found) const;
  std::string NameOf(std::string_view key) const;
  std::string NamesOf(std::initializer_list<const char*> keys) const;
  int64_t CheckedInt(const nlohmann::json& value, const std::string& key, int64_t max);
  double CheckedFloat(const nlohmann::json& value, const std::string& key, double min, double max);
  void WrongType(const std::string& key, const nlohmann::json& value, const char* expected);

  const nlohmann::json& config_;
  std::string path_;
  std::function<std::string(std::string_view)> name_of_;
  absl::Status status_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_CONFIG_READER_H_
