// A YAML document as plain nodes, built from the events of yaml-cpp's parser.
#include "base/yaml/tree.h"

#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace assay {
namespace {

constexpr size_t kMaxDepth = 32;

struct Failure {
  YAML::Mark mark;
  std::string message;
};

// Collects the nodes. Throws Failure, which ParseYaml() catches.
class TreeBuilder final : public YAML::EventHandler {
 public:
  YamlTree Take() { return std::move(tree_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Add(mark, {.kind = YamlKind::kNull});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw Failure{mark, "aliases (*name) are not allowed; write the value out"};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    const bool quoted = tag == "!";
    if (ExpectsKey()) {
      SetKey(mark, value);
      return;
    }
    const bool null = !quoted && (value.empty() || value == "~" || value == "null");
    Add(mark,
        {.kind = null ? YamlKind::kNull : YamlKind::kScalar, .scalar = value, .quoted = quoted});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    RefuseAnchor(mark, anchor);
    Open(mark, YamlKind::kSequence);
  }
  void OnSequenceEnd() override { open_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    RefuseAnchor(mark, anchor);
    Open(mark, YamlKind::kMap);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct OpenNode {
    int node;
    bool has_key = false;
  };

  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Failure{mark, "anchors (&name) are not allowed; write the value out"};
  }

  bool ExpectsKey() const {
    return !open_.empty() && tree_[open_.back().node].kind == YamlKind::kMap &&
           !open_.back().has_key;
  }

  void SetKey(const YAML::Mark& mark, const std::string& key) {
    YamlNode& map = tree_[open_.back().node];
    for (const YamlNode::Member& member : map.members) {
      if (member.key == key) {
        throw Failure{
            mark, absl::StrCat("key '", key, "' is duplicated (first in line ", member.line, ")")};
      }
    }
    map.members.push_back({.key = key, .line = mark.line + 1, .value = -1});
    open_.back().has_key = true;
  }

  void Add(const YAML::Mark& mark, YamlNode node) {
    if (ExpectsKey()) throw Failure{mark, "a key must be a plain word"};
    node.line = mark.line + 1;
    const int index = static_cast<int>(tree_.size());
    tree_.push_back(std::move(node));
    if (open_.empty()) return;
    YamlNode& parent = tree_[open_.back().node];
    if (parent.kind == YamlKind::kSequence) {
      parent.items.push_back(index);
    } else {
      parent.members.back().value = index;
      open_.back().has_key = false;
    }
  }

  void Open(const YAML::Mark& mark, YamlKind kind) {
    if (open_.size() >= kMaxDepth) {
      throw Failure{mark, absl::StrCat("is nested deeper than ", kMaxDepth, " levels")};
    }
    const int index = static_cast<int>(tree_.size());
    Add(mark, {.kind = kind});
    open_.push_back({.node = index});
  }

  YamlTree tree_;
  std::vector<OpenNode> open_;
};

absl::Status At(const std::string& path, const YAML::Mark& mark, const std::string& message) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ":", mark.line + 1, ":", mark.column + 1, ": ", message));
}

}  // namespace

absl::StatusOr<YamlTree> ParseYaml(std::string_view text, const std::string& path) {
  std::istringstream stream{std::string(text)};
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return YamlTree{YamlNode{}};
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": holds more than one YAML document (---); keep one"));
    }
  } catch (const Failure& failure) {
    return At(path, failure.mark, failure.message);
  } catch (const YAML::Exception& error) {
    return At(path, error.mark, absl::StrCat("malformed YAML: ", error.msg));
  }
  return builder.Take();
}

}  // namespace assay
