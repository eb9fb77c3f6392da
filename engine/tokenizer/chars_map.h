// SentencePiece's precompiled_charsmap: a table of normalizations. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_CHARS_MAP_H_
#define ASSAY_ENGINE_TOKENIZER_CHARS_MAP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::engine {

// Maps prefixes of a text to replacements. The prefixes are a double array (Kanda 2018), the
// replacements are strings that end with NUL. Immutable and thread-safe.
class CharsMap {
 public:
  // Parses the bytes of a precompiled_charsmap. Returns DATA_LOSS if the size of the double array
  // is not within the bytes, or if the bytes exceed 16 MiB.
  static absl::StatusOr<CharsMap> Parse(std::string_view bytes);

  struct Match {
    // The number of bytes that are replaced.
    size_t bytes;
    std::string_view replacement;
  };
  // Each returns the shortest or the longest prefix of `text` that the table has, or nullopt.
  std::optional<Match> Shortest(std::string_view text) const { return Find(text, false); }
  std::optional<Match> Longest(std::string_view text) const { return Find(text, true); }

 private:
  std::optional<Match> Find(std::string_view text, bool longest) const;

  std::vector<uint32_t> nodes_;
  std::string replacements_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_CHARS_MAP_H_
