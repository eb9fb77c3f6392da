// Splits a template into text and the tokens of its tags.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_LEXER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_LEXER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::jinja {

enum class TokenKind {
  kText,        // The text between tags.
  kBlockBegin,  // {%
  kBlockEnd,    // %}
  kPrintBegin,  // {{
  kPrintEnd,    // }}
  kName,        // for, message
  kString,      // 'x', with its escapes resolved
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

// Returns the tokens of `source`, of which the last is kEnd. It works as jinja2's lexer with
// trim_blocks and lstrip_blocks: comments are dropped, {% raw %} is text, `-` strips what Python
// regards as whitespace, `+` keeps it. Returns INVALID_ARGUMENT for a syntax error and
// UNIMPLEMENTED for an unsupported literal; the message begins with "line N: ".
absl::StatusOr<std::vector<Token>> LexTemplate(std::string_view source);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_LEXER_H_
