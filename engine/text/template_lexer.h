// Cuts a template into text and the tokens of its tags.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_LEXER_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_LEXER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::engine {

enum class TemplateTokenKind {
  kText,        // Outside of tags.
  kBlockBegin,  // {%
  kBlockEnd,    // %}
  kPrintBegin,  // {{
  kPrintEnd,    // }}
  kName,        // for, message
  kString,      // 'x', escapes resolved
  kInteger,
  kFloat,
  kSymbol,  // == [ . |
  kEnd,
};

struct TemplateToken {
  TemplateTokenKind kind;
  std::string text;
  int line;
};

// As jinja2's lexer with trim_blocks and lstrip_blocks: comments are dropped, {% raw %} is text,
// `-` strips Python's blanks, `+` keeps them. INVALID_ARGUMENT: "line 3: ...".
absl::StatusOr<std::vector<TemplateToken>> LexTemplate(std::string_view source);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_LEXER_H_
