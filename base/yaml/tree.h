// A YAML document as plain nodes with line numbers; private to the reader.
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
  // True for "5" in quotes: a string, never a number.
  bool quoted = false;
  // Indices into the tree.
  std::vector<int> items;
  struct Member {
    std::string key;
    int line;
    int value;
  };
  std::vector<Member> members;
};

// Node 0 is the root.
using YamlTree = std::vector<YamlNode>;

// Parses one document. INVALID_ARGUMENT "path:line:column: ..." for bad syntax, several documents,
// duplicate keys, keys that are not plain words, anchors and aliases (an alias bomb is small in the
// file and huge in memory), and nesting beyond 32 levels.
absl::StatusOr<YamlTree> ParseYaml(std::string_view text, const std::string& path);

}  // namespace assay

#endif  // ASSAY_BASE_YAML_TREE_H_
