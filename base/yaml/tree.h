// A YAML document as plain nodes with line numbers. Internal to the reader.
#ifndef ASSAY_BASE_YAML_TREE_H_
#define ASSAY_BASE_YAML_TREE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace assay {

enum class YamlKind { kNull, kScalar, kSequence, kMap };

struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  // 1-based.
  int line = 1;
  std::string scalar;
  // True if the scalar is quoted, which makes it a string and never a number.
  bool quoted = false;
  // The elements of a sequence, as indices into the tree.
  std::vector<int> items;
  struct Member {
    std::string key;
    int line;
    int value;
  };
  std::vector<Member> members;
};

// All nodes of a document. Node 0 is the root.
using YamlTree = std::vector<YamlNode>;

// Parses one document. Returns INVALID_ARGUMENT "path:line:column: message" for bad syntax, several
// documents, duplicate keys, keys that are not scalars, anchors and aliases (a small file with
// aliases can be huge in memory), and nesting deeper than 32 levels.
absl::StatusOr<YamlTree> ParseYaml(std::string_view text, const std::string& path);

}  // namespace assay

#endif  // ASSAY_BASE_YAML_TREE_H_
