// Strict reading of YAML: every error has file, line, key, value and what is allowed.
#ifndef ASSAY_BASE_YAML_READER_H_
#define ASSAY_BASE_YAML_READER_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"

namespace assay {

// Reads a mapping key by key. The first error is kept; later reads return their defaults, so that
// callers read straight through and ask once at the end:
//
//   auto document = YamlDocument::Load(path);            // syntax errors here, with line and
//   column YamlMap root = document->root(); config.listen = root.String("listen",
//   "127.0.0.1:50051"); YamlMap log = root.Map("log");                        // empty map if the
//   key is absent config.log_level = log.Choice("level", "info", {"debug", "info", "warn",
//   "error"}); RETURN_IF_ERROR(document->Finish());   // first error, or an
//   unknown or duplicate key
//
// Not thread-safe. yaml-cpp stays inside the .cc.
class YamlDocument;

struct YamlState;

class YamlMap {
 public:
  // Reads mark the key as known. A missing key gives the default; a null value too.
  std::string String(std::string_view key, const std::string& default_value);
  // Missing or empty is an error.
  std::string RequiredString(std::string_view key);
  std::string Choice(std::string_view key, std::string default_value,
                     std::initializer_list<std::string_view> allowed);
  int64_t Int(std::string_view key, int64_t default_value, int64_t min, int64_t max);
  double Number(std::string_view key, double default_value, double min, double max);
  bool Bool(std::string_view key, bool default_value);
  // "4GiB", "512MiB", "1.5GB" or plain bytes; 0 = none.
  int64_t Bytes(std::string_view key, int64_t default_value);
  // "30s", "5m", "250ms" or plain seconds; in seconds.
  double Seconds(std::string_view key, double default_value, double min, double max);
  // Alike, or "forever", which is infinite.
  double SecondsOrForever(std::string_view key, double default_value, double min, double max);
  std::vector<std::string> Strings(std::string_view key);
  YamlMap Map(std::string_view key);
  std::vector<YamlMap> Maps(std::string_view key);
  bool Has(std::string_view key) const;
  // In the file's order.
  std::vector<std::string> Keys() const;
  // "file:line" of a key, or where the map begins.
  std::string Place(std::string_view key = "") const;
  // Records an error at a key of this map (or at the map itself, with an empty key): "file:line:
  // path.key: message".
  void Error(std::string_view key, std::string_view message);

 private:
  friend class YamlDocument;
  YamlMap(YamlState* state, int node) : state_(state), node_(node) {}
  int LineOf(std::string_view key) const;

  YamlState* state_;
  // Index of the mapping in the document; -1 = absent, every read gives its default.
  int node_;
};

class YamlDocument {
 public:
  // A file of at most 1 MiB. NOT_FOUND, or INVALID_ARGUMENT "file:line:column: what is wrong".
  static absl::StatusOr<std::unique_ptr<YamlDocument>> Load(const std::string& path);
  static absl::StatusOr<std::unique_ptr<YamlDocument>> Parse(std::string_view text,
                                                             const std::string& path);
  ~YamlDocument();

  YamlMap root();
  // The first error; else an error for the first key that nobody read ("unknown key 'lissten';
  // known: ...").
  absl::Status Finish();

 private:
  explicit YamlDocument(std::unique_ptr<YamlState> state);

  std::unique_ptr<YamlState> state_;
};

}  // namespace assay

#endif  // ASSAY_BASE_YAML_READER_H_
