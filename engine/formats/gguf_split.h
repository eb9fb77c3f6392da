// Names of GGUF files that one model was split into; private to GgufFile.
#ifndef ASSAY_ENGINE_FORMATS_GGUF_SPLIT_H_
#define ASSAY_ENGINE_FORMATS_GGUF_SPLIT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace assay::engine {

// "FOLDER/NAME-00002-of-00003.gguf", as llama.cpp's gguf-split names them.
struct GgufPartName {
  // "FOLDER/NAME".
  std::string prefix;
  // From 1.
  int64_t number;
  int64_t count;

  // Of another part of the same model.
  std::string PathOf(int64_t part) const;
};

// Empty for a path that is not named so.
std::optional<GgufPartName> ParseGgufPartName(const std::string& path);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_SPLIT_H_
