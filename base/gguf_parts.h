// The names of the GGUF files that a model is split into, as llama.cpp's gguf-split chooses them.
#ifndef ASSAY_BASE_GGUF_PARTS_H_
#define ASSAY_BASE_GGUF_PARTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

// The maximum number of parts of a model.
inline constexpr int64_t kMaxGgufParts = 1024;

// A parsed part name: "FOLDER/NAME-00002-of-00003.gguf".
struct GgufPartName {
  // "FOLDER/NAME".
  std::string prefix;
  // From 1 to `count`.
  int64_t number;
  int64_t count;

  // Returns the path of another part of the same model.
  std::string PathOf(int64_t part) const;
};

// Returns nullopt if `path` is not the name of a part.
std::optional<GgufPartName> ParseGgufPartName(std::string_view path);

// Returns the names of all parts of the model that `name` is a part of, in order, or `name` alone
// if it is not the name of a part.
std::vector<std::string> GgufParts(std::string_view name);

// True if `name` is a part other than the first. The first part represents the model in lists.
bool IsLaterGgufPart(std::string_view name);

}  // namespace assay

#endif  // ASSAY_BASE_GGUF_PARTS_H_
