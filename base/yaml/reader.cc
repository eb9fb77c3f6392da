// A strict YAML reader.
#include "base/yaml/reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/near_name.h"
#include "base/status_macros.h"
#include "base/yaml/scalars.h"
#include "base/yaml/tree.h"

namespace assay {

struct YamlState {
  std::string path;
  YamlTree tree;
  // The dotted name ("models[1].source") of each mapping that was returned, by node.
  std::map<int, std::string> names;
  // The keys that were read, by node.
  std::map<int, std::set<std::string, std::less<>>> known;
  absl::Status error;

  void Fail(int line, const std::string& name, const std::string& message) {
    if (!error.ok()) return;
    error = absl::InvalidArgumentError(
        name.empty() ? absl::StrCat(path, ":", line, ": ", message)
                     : absl::StrCat(path, ":", line, ": ", name, ": ", message));
  }

  std::string NameOf(int node, const std::string& key) const {
    const auto name = names.find(node);
    std::string prefix = name == names.end() ? "" : name->second;
    if (key.empty()) return prefix;
    return prefix.empty() ? key : absl::StrCat(prefix, ".", key);
  }

  // Returns the index of the value, or -1 if it is absent or null.
  int Value(int node, std::string_view key) {
    if (node < 0) return -1;
    known[node].emplace(key);
    for (const YamlNode::Member& member : tree[node].members) {
      if (member.key != key) continue;
      return tree[member.value].kind == YamlKind::kNull ? -1 : member.value;
    }
    return -1;
  }

  // Returns the value as a scalar, or null if it is absent. A value of another kind is recorded as
  // an error.
  const YamlNode* Scalar(int node, std::string_view key, std::string_view expected) {
    const int value = Value(node, key);
    if (value < 0) return nullptr;
    if (tree[value].kind != YamlKind::kScalar) {
      Fail(tree[value].line, NameOf(node, std::string(key)),
           absl::StrCat("must be ", std::string(expected)));
      return nullptr;
    }
    return &tree[value];
  }

  // `allow_quotes`: sizes and durations are strings in YAML and may be quoted; numbers may not.
  template <typename T, typename Read>
  T Parsed(int node, std::string_view key, T default_value, T min, T max, std::string_view expected,
           Read read, bool allow_quotes = false) {
    const YamlNode* scalar = Scalar(node, key, expected);
    if (scalar == nullptr) return default_value;
    const std::optional<T> value =
        scalar->quoted && !allow_quotes ? std::nullopt : read(scalar->scalar);
    if (!value.has_value()) {
      Fail(scalar->line, NameOf(node, std::string(key)),
           absl::StrCat("'", scalar->scalar, "' is not ", std::string(expected)));
      return default_value;
    }
    if (*value < min || *value > max) {
      Fail(scalar->line, NameOf(node, std::string(key)),
           absl::StrCat(scalar->scalar, " is out of range; give ", min, " to ", max));
      return default_value;
    }
    return *value;
  }
};

namespace {

constexpr std::streamsize kMaxFileBytes = std::streamsize{1} << 20;
constexpr double kMaxExactInteger = 9007199254740992.0;

std::string UnknownKey(std::string_view key, const std::set<std::string, std::less<>>& known) {
  const std::string nearest = NearestName(key, {known.begin(), known.end()});
  if (!nearest.empty()) return absl::StrCat("unknown key; did you mean '", nearest, "'?");
  return absl::StrCat("unknown key; known: ", absl::StrJoin(known, ", "));
}

}  // namespace

std::string YamlMap::String(std::string_view key, const std::string& default_value) {
  const YamlNode* scalar = state_->Scalar(node_, key, "a string");
  return scalar == nullptr ? default_value : scalar->scalar;
}

std::string YamlMap::RequiredString(std::string_view key) {
  std::string value = String(key, "");
  if (value.empty()) Error(key, "is required");
  return value;
}

std::string YamlMap::Choice(std::string_view key, std::string default_value,
                            std::initializer_list<std::string_view> allowed) {
  const std::vector<std::string> names(allowed.begin(), allowed.end());
  const std::string list = absl::StrJoin(names, ", ");
  const YamlNode* scalar = state_->Scalar(node_, key, absl::StrCat("one of ", list));
  if (scalar == nullptr) return default_value;
  if (std::find(allowed.begin(), allowed.end(), scalar->scalar) != allowed.end()) {
    return scalar->scalar;
  }
  Error(key, absl::StrCat("'", scalar->scalar, "' is not one of ", list));
  return default_value;
}

int64_t YamlMap::Int(std::string_view key, int64_t default_value, int64_t min, int64_t max) {
  return state_->Parsed<int64_t>(node_, key, default_value, min, max, "a whole number", ReadInt);
}

double YamlMap::Number(std::string_view key, double default_value, double min, double max) {
  return state_->Parsed<double>(node_, key, default_value, min, max, "a number", ReadNumber);
}

bool YamlMap::Bool(std::string_view key, bool default_value) {
  return Choice(key, default_value ? "true" : "false", {"true", "false"}) == "true";
}

int64_t YamlMap::Bytes(std::string_view key, int64_t default_value) {
  return state_->Parsed<int64_t>(node_, key, default_value, 0,
                                 static_cast<int64_t>(kMaxExactInteger),
                                 "a size (4GiB, 512MiB, 1.5GB or bytes)", ReadBytes,
                                 /*allow_quotes=*/true);
}

double YamlMap::Seconds(std::string_view key, double default_value, double min, double max) {
  return state_->Parsed<double>(node_, key, default_value, min, max,
                                "a duration (30s, 5m, 250ms or seconds)", ReadSeconds,
                                /*allow_quotes=*/true);
}

double YamlMap::SecondsOrForever(std::string_view key, double default_value, double min,
                                 double max) {
  const int value = state_->Value(node_, key);
  if (value >= 0 && state_->tree[value].scalar == "forever") {
    return std::numeric_limits<double>::infinity();
  }
  return Seconds(key, default_value, min, max);
}

std::vector<std::string> YamlMap::Strings(std::string_view key) {
  std::vector<std::string> strings;
  const int value = state_->Value(node_, key);
  if (value < 0) return strings;
  const YamlNode& list = state_->tree[value];
  if (list.kind != YamlKind::kSequence) {
    Error(key, "must be a list of strings, as in [a, b]");
    return strings;
  }
  for (const int item : list.items) {
    if (state_->tree[item].kind != YamlKind::kScalar) {
      Error(key, "must be a list of strings, as in [a, b]");
      return strings;
    }
    strings.push_back(state_->tree[item].scalar);
  }
  return strings;
}

YamlMap YamlMap::Map(std::string_view key) {
  const int value = state_->Value(node_, key);
  if (value < 0) return {state_, -1};
  if (state_->tree[value].kind != YamlKind::kMap) {
    Error(key, "must be a mapping (key: value)");
    return {state_, -1};
  }
  state_->names[value] = state_->NameOf(node_, std::string(key));
  return {state_, value};
}

std::vector<YamlMap> YamlMap::Maps(std::string_view key) {
  std::vector<YamlMap> maps;
  const int value = state_->Value(node_, key);
  if (value < 0) return maps;
  const YamlNode& list = state_->tree[value];
  if (list.kind != YamlKind::kSequence) {
    Error(key, "must be a list of mappings (- key: value)");
    return maps;
  }
  for (size_t i = 0; i < list.items.size(); ++i) {
    const int item = list.items[i];
    const std::string name = absl::StrCat(state_->NameOf(node_, std::string(key)), "[", i, "]");
    if (state_->tree[item].kind != YamlKind::kMap) {
      state_->Fail(state_->tree[item].line, name, "must be a mapping (key: value)");
      return maps;
    }
    state_->names[item] = name;
    maps.push_back(YamlMap(state_, item));
  }
  return maps;
}

bool YamlMap::Has(std::string_view key) const { return state_->Value(node_, key) >= 0; }

std::vector<std::string> YamlMap::Keys() const {
  std::vector<std::string> keys;
  if (node_ < 0) return keys;
  for (const YamlNode::Member& member : state_->tree[node_].members) keys.push_back(member.key);
  return keys;
}

std::string YamlMap::Location(std::string_view key) const {
  return absl::StrCat(state_->path, ":", LineOf(key));
}

int YamlMap::LineOf(std::string_view key) const {
  if (node_ < 0) return 1;
  for (const YamlNode::Member& member : state_->tree[node_].members) {
    if (member.key == key) return member.line;
  }
  return state_->tree[node_].line;
}

void YamlMap::Error(std::string_view key, std::string_view message) {
  state_->Fail(LineOf(key), state_->NameOf(node_, std::string(key)), std::string(message));
}

YamlDocument::YamlDocument(std::unique_ptr<YamlState> state) : state_(std::move(state)) {}
YamlDocument::~YamlDocument() = default;

absl::StatusOr<std::unique_ptr<YamlDocument>> YamlDocument::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    const std::string message = absl::StrCat(path, ": cannot be opened: ", std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(message) : absl::PermissionDeniedError(message);
  }
  std::string text(static_cast<size_t>(kMaxFileBytes) + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && !file.eof())) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read; is it a folder?"));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return Parse(text, path);
}

absl::StatusOr<std::unique_ptr<YamlDocument>> YamlDocument::Parse(std::string_view text,
                                                                  const std::string& path) {
  if (text.size() > static_cast<size_t>(kMaxFileBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is larger than ", kMaxFileBytes, " bytes; is it the right file?"));
  }
  ASSIGN_OR_RETURN(YamlTree tree, ParseYaml(text, path));
  const YamlKind kind = tree.empty() ? YamlKind::kNull : tree.front().kind;
  if (kind != YamlKind::kMap && kind != YamlKind::kNull) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":1: must be a mapping (key: value)"));
  }
  auto state = std::make_unique<YamlState>();
  state->path = path;
  state->tree = std::move(tree);
  return std::unique_ptr<YamlDocument>(new YamlDocument(std::move(state)));
}

YamlMap YamlDocument::root() { return {state_.get(), state_->tree.empty() ? -1 : 0}; }

absl::Status YamlDocument::Finish() {
  if (!state_->error.ok()) return state_->error;
  for (const auto& [node, known] : state_->known) {
    for (const YamlNode::Member& member : state_->tree[node].members) {
      if (known.contains(member.key)) continue;
      state_->Fail(member.line, state_->NameOf(node, member.key), UnknownKey(member.key, known));
      return state_->error;
    }
  }
  return absl::OkStatus();
}

}  // namespace assay
