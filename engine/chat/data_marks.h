// Marks what in a caller's texts must not become special tokens, so that it is found again in the
// rendered prompt. Private to this folder.
#ifndef ASSAY_ENGINE_CHAT_DATA_MARKS_H_
#define ASSAY_ENGINE_CHAT_DATA_MARKS_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/text_marks.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/value.h"

namespace assay::engine {

// Marks the ranges that a guard finds (ChatTemplateInputs::guard). A spelling stands between two
// marks, so that a template that searches or splits a message by the spelling still finds it. Call
// Read() for all values, then Choose(), then Mark() for each value. Not thread-safe.
class DataMarks {
 public:
  using Guard = std::function<std::vector<TextRange>(std::string_view text, bool by_model)>;

  explicit DataMarks(Guard guard) : guard_(std::move(guard)) {}

  // Reads the strings in `value`, keys of maps included.
  void Read(const jinja::Value& value, bool by_model);
  // Chooses two noncharacters that neither the values nor `source`, the text of the template,
  // contain. Returns INVALID_ARGUMENT if there are none.
  absl::Status Choose(std::string_view source);

  // Returns `value` with marks in its strings. Returns the value itself if no value needs marks,
  // which is the usual case.
  absl::StatusOr<jinja::Value> Mark(const jinja::Value& value, bool by_model) const;

  // Returns the rendered text without marks, with barriers (EncodeOptions::barriers): around and
  // within every marked spelling, and where the template left a single mark.
  MarkedText Unmark(std::string text) const;

 private:
  std::string MarkText(std::string_view text, const std::vector<TextRange>& ranges) const;
  absl::StatusOr<jinja::Value> MarkMap(const jinja::Map& map, bool by_model) const;

  Guard guard_;
  MarkChooser chooser_;
  // The texts of all ranges.
  absl::flat_hash_set<std::string> spellings_;
  bool has_ranges_ = false;
  // Both are empty if no value needs marks.
  std::string open_;
  std::string close_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_DATA_MARKS_H_
