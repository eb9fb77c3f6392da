// A cursor over the tokens of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_TOKEN_STREAM_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_TOKEN_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/jinja/syntax/lexer.h"

namespace assay::jinja {

// Reads tokens one by one and formats the errors of the parsers that share it. Not thread-safe.
class TokenStream {
 public:
  using Kind = TokenKind;
  static constexpr int kMaxDepth = 64;

  // The last of `tokens` must be kEnd, which the stream never leaves.
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& Current() const { return tokens_[at_]; }
  // Returns the token after the current one.
  const Token& Peek() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  // Consumes the current token and returns it.
  Token Next() {
    Token token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool Is(Kind kind, std::string_view text) const {
    return Current().kind == kind && Current().text == text;
  }
  bool IsSymbol(std::string_view text) const { return Is(Kind::kSymbol, text); }
  bool IsName(std::string_view text) const { return Is(Kind::kName, text); }
  // Each consumes the current token and returns true if it matches.
  bool Accept(Kind kind, std::string_view text) {
    if (!Is(kind, text)) return false;
    Next();
    return true;
  }
  bool AcceptSymbol(std::string_view text) { return Accept(Kind::kSymbol, text); }
  bool AcceptName(std::string_view text) { return Accept(Kind::kName, text); }
  // Consumes the current token and returns its text if it is one of `texts`; otherwise returns "".
  std::string AcceptOne(Kind kind, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) {
      if (Accept(kind, text)) return std::string(text);
    }
    return "";
  }
  absl::Status ExpectSymbol(std::string_view text) {
    if (AcceptSymbol(text)) return absl::OkStatus();
    return Expected(absl::StrCat("'", std::string(text), "'"), Current());
  }

  // True if the stream is at {% followed by one of `names`.
  bool AtBlock(const std::vector<std::string_view>& names) const {
    return Current().kind == Kind::kBlockBegin && Peek().kind == Kind::kName &&
           std::find(names.begin(), names.end(), Peek().text) != names.end();
  }

  // Returns INVALID_ARGUMENT "line N: expected WHAT, found ...".
  absl::Status Expected(const std::string& what, const Token& found) const {
    const std::string text = found.kind == Kind::kEnd        ? "the end of the template"
                             : found.kind == Kind::kBlockEnd ? "%}"
                             : found.kind == Kind::kPrintEnd ? "}}"
                                                             : found.text;
    return absl::InvalidArgumentError(
        absl::StrCat("line ", found.line, ": expected ", what, ", found '", text, "'"));
  }
  // Returns UNIMPLEMENTED "line N: WHAT is not supported".
  static absl::Status Unsupported(const std::string& what, int line) {
    return absl::UnimplementedError(absl::StrCat("line ", line, ": ", what, " is not supported"));
  }
  absl::Status TooDeepError() const {
    return Unsupported(absl::StrCat("nesting deeper than ", kMaxDepth, " levels"), Current().line);
  }

  // Counts one level of nesting during its lifetime.
  class NestingGuard {
   public:
    explicit NestingGuard(TokenStream& stream) : stream_(stream) { ++stream_.depth_; }
    ~NestingGuard() { --stream_.depth_; }
    NestingGuard(const NestingGuard&) = delete;
    NestingGuard& operator=(const NestingGuard&) = delete;
    bool IsTooDeep() const { return stream_.depth_ > kMaxDepth; }

   private:
    TokenStream& stream_;
  };

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_TOKEN_STREAM_H_
