// Cuts a template into text and the tokens of its tags.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_LEXER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_LEXER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::jinja {

enum class TokenKind {
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

struct Token {
  TokenKind kind;
  std::string text;
  int line;
};

// As jinja2's lexer with trim_blocks and lstrip_blocks: comments are dropped, {% raw %} is text,
// `-` strips Python's blanks, `+` keeps them. INVALID_ARGUMENT: "line 3: ...".
absl::StatusOr<std::vector<Token>> LexTemplate(std::string_view source);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_LEXER_H_
