// Text from models, users and files, made safe for the document it goes into.
#ifndef ASSAY_EVALUATOR_REPORT_PLAIN_TEXT_H_
#define ASSAY_EVALUATOR_REPORT_PLAIN_TEXT_H_

#include <string>
#include <string_view>

namespace assay::evaluator {

// Valid UTF-8 of characters that documents may hold: invalid bytes, control characters (but for tab
// and line feed), non-characters and marks that change the direction of the text around them become
// U+FFFD; CR LF and CR become a line feed. Linear.
std::string CleanText(std::string_view text);

// CleanText on one line: runs of white space become one space, none at the ends.
std::string CleanLine(std::string_view text);

// At most `characters` code points, the last one an ellipsis where some were left out. `text` must
// be valid UTF-8.
std::string Shorten(std::string_view text, size_t characters);

// For element text and quoted attributes. `text` must be clean.
std::string EscapeHtml(std::string_view text);

// For one line of Markdown or a table's cell: every character that means something to Markdown,
// HTML included, stands for itself. `text` must be clean and of one line.
std::string EscapeMarkdown(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_PLAIN_TEXT_H_
