// Marks positions in a text, so that they are found again after the text has been transformed.
#ifndef ASSAY_BASE_TEXT_MARKS_H_
#define ASSAY_BASE_TEXT_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

// A mark is one of the 32 noncharacters U+FDD0 to U+FDEF, which Unicode reserves for internal use
// (The Unicode Standard, section 23.7). A text may contain them all the same, so a mark is chosen
// that none of the texts contains.
class MarkChooser {
 public:
  // Excludes the noncharacters of `text`.
  void Add(std::string_view text);
  // Returns the UTF-8 encoding of a mark that no added text contains, another one at each call.
  // Returns nullopt if there is none.
  std::optional<std::string> Choose();

 private:
  // Bit i stands for U+FDD0 + i.
  uint32_t used_ = 0;
};

// The bytes from `begin` to before `end` of a text.
struct TextRange {
  size_t begin;
  size_t end;

  bool operator==(const TextRange&) const = default;
};

// A text and byte offsets in it, in ascending order. An offset may occur more than once.
struct MarkedText {
  std::string text;
  std::vector<size_t> offsets;
};

// Inserts `mark` at each offset, which must be at most the length of the text.
std::string InsertMarks(const MarkedText& marked, std::string_view mark);
// Removes every `mark` and returns where they were.
MarkedText RemoveMarks(std::string_view text, std::string_view mark);

}  // namespace assay

#endif  // ASSAY_BASE_TEXT_MARKS_H_
