// Sanitizing of text from models, users and files for the document it goes into.
#ifndef ASSAY_EVALUATOR_REPORT_PLAIN_TEXT_H_
#define ASSAY_EVALUATOR_REPORT_PLAIN_TEXT_H_

#include <string>
#include <string_view>

namespace assay::evaluator {

// Returns valid UTF-8 with only characters that documents may contain. Invalid bytes, control
// characters (except tab and line feed), non-characters and bidirectional control characters become
// U+FFFD. CR LF and CR become a line feed. O(n).
std::string CleanText(std::string_view text);

// Returns CleanText on one line: runs of white space become one blank, and white space at the ends
// is removed.
std::string CleanLine(std::string_view text);

// Returns at most `characters` code points; the last one is an ellipsis if the text was cut. `text`
// must be valid UTF-8.
std::string Shorten(std::string_view text, size_t characters);

// Escapes text for HTML elements and quoted attributes. `text` must be clean.
std::string EscapeHtml(std::string_view text);

// Escapes text for a line or table cell of Markdown, so that no character is interpreted as
// Markdown or HTML. `text` must be clean and have one line.
std::string EscapeMarkdown(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_PLAIN_TEXT_H_
