// A strict YAML reader. Every error has the file, line, key and value, and what is allowed.
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

namespace assay {

class YamlDocument;
struct YamlState;

// Reads a mapping key by key. The document keeps the first error, and later reads return their
// defaults, so that callers check for errors once, at the end:
//
//   // Returns syntax errors and duplicate keys, with line and column.
//   ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Load(path));
//   YamlMap root = document->root();
//   config.listen = root.String("listen", "127.0.0.1:50051");
//   YamlMap log = root.Map("log");  // Is empty if the key is absent.
//   config.log_level = log.Choice("level", "info", {"debug", "info", "warn", "error"});
//   // Returns the first error of all reads, or an error for an unknown key.
//   RETURN_IF_ERROR(document->Finish());
//
// Cheap to copy. Must not outlive the document. Not thread-safe.
class YamlMap {
 public:
  // Every read marks its key as known. A missing key and a null value give the default.
  std::string String(std::string_view key, const std::string& default_value);
  // A missing or empty value is an error.
  std::string RequiredString(std::string_view key);
  std::string Choice(std::string_view key, std::string default_value,
                     std::initializer_list<std::string_view> allowed);
  int64_t Int(std::string_view key, int64_t default_value, int64_t min, int64_t max);
  double Number(std::string_view key, double default_value, double min, double max);
  bool Bool(std::string_view key, bool default_value);
  // Accepts "4GiB", "512MiB", "1.5GB" or a number of bytes.
  int64_t Bytes(std::string_view key, int64_t default_value);
  // Accepts "30s", "5m", "250ms" or a number of seconds. Returns seconds.
  double Seconds(std::string_view key, double default_value, double min, double max);
  // Accepts the same, or "forever", which is infinity.
  double SecondsOrForever(std::string_view key, double default_value, double min, double max);
  std::vector<std::string> Strings(std::string_view key);
  YamlMap Map(std::string_view key);
  std::vector<YamlMap> Maps(std::string_view key);
  bool Has(std::string_view key) const;
  // Returns the keys in the order of the file.
  std::vector<std::string> Keys() const;
  // Returns "file:line" of a key, or of the beginning of the map if the key is empty or absent.
  std::string Location(std::string_view key = "") const;
  // Records the error "file:line: path.key: message". With an empty key it is an error of the map
  // itself.
  void Error(std::string_view key, std::string_view message);

 private:
  friend class YamlDocument;
  YamlMap(YamlState* state, int node) : state_(state), node_(node) {}
  int LineOf(std::string_view key) const;

  YamlState* state_;
  // The index of the mapping in the document; -1 if it is absent, so that reads return defaults.
  int node_;
};

// A parsed YAML file. Not thread-safe. yaml-cpp is an implementation detail of tree.cc.
class YamlDocument {
 public:
  // Reads a file of at most 1 MiB. Errors: NOT_FOUND; PERMISSION_DENIED if the file cannot be
  // opened; INVALID_ARGUMENT "file:line:column: message" if it is no valid YAML.
  static absl::StatusOr<std::unique_ptr<YamlDocument>> Load(const std::string& path);
  static absl::StatusOr<std::unique_ptr<YamlDocument>> Parse(std::string_view text,
                                                             const std::string& path);
  ~YamlDocument();

  YamlMap root();
  // Returns the first error. If there is none, returns an error for the first key that was never
  // read: "unknown key; did you mean 'listen'?".
  absl::Status Finish();

 private:
  explicit YamlDocument(std::unique_ptr<YamlState> state);

  std::unique_ptr<YamlState> state_;
};

}  // namespace assay

#endif  // ASSAY_BASE_YAML_READER_H_
