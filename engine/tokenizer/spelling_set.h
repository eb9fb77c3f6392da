// Finds the spellings of a set of tokens in a text.
#ifndef ASSAY_ENGINE_TOKENIZER_SPELLING_SET_H_
#define ASSAY_ENGINE_TOKENIZER_SPELLING_SET_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/text_marks.h"

namespace assay::engine {

// A set of spellings. A search takes a few comparisons per byte, however many spellings there are.
// Immutable and thread-safe.
class SpellingSet {
 public:
  SpellingSet() = default;
  // Empty spellings are left out.
  explicit SpellingSet(std::vector<std::string> spellings);

  bool empty() const { return by_beginning_.empty(); }
  const std::vector<std::string>& spellings() const { return by_beginning_; }

  // Returns the parts of `text` that are spellings, in ascending order. Overlapping ones are one
  // range.
  std::vector<TextRange> Find(std::string_view text) const;

  // Returns the spellings that occur in `text`, sorted.
  std::vector<std::string> SpellingsIn(std::string_view text) const;

  // True if a longer text that begins with `text` could complete a spelling that `text` ends with
  // a part of.
  bool EndsWithABeginning(std::string_view text) const;
  // The same for a longer text that ends with `text`.
  bool BeginsWithAnEnd(std::string_view text) const;

 private:
  // Calls `on_spelling` for each spelling that begins `text`, the shortest first.
  void ForEachAt(std::string_view text,
                 absl::FunctionRef<void(const std::string&)> on_spelling) const;

  size_t longest_ = 0;
  std::vector<std::string> by_beginning_;
  // The spellings with their bytes reversed.
  std::vector<std::string> by_end_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_SPELLING_SET_H_
