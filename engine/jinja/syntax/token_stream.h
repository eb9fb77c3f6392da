// The tokens of a template, read one by one.
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

// Not thread-safe.
class TokenStream {
 public:
  using Kind = TokenKind;
  static constexpr int kMaxDepth = 64;

  // `tokens` end with kEnd.
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& Now() const { return tokens_[at_]; }
  const Token& Peek() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token Take() {
    Token token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool Is(Kind kind, std::string_view text) const {
    return Now().kind == kind && Now().text == text;
  }
  bool IsSymbol(std::string_view text) const { return Is(Kind::kSymbol, text); }
  bool IsName(std::string_view text) const { return Is(Kind::kName, text); }
  bool Accept(Kind kind, std::string_view text) {
    if (!Is(kind, text)) return false;
    Take();
    return true;
  }
  bool AcceptSymbol(std::string_view text) { return Accept(Kind::kSymbol, text); }
  bool AcceptName(std::string_view text) { return Accept(Kind::kName, text); }
  // Takes one of them and says which; empty if none is there.
  std::string AcceptOne(Kind kind, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) {
      if (Accept(kind, text)) return std::string(text);
    }
    return "";
  }
  absl::Status ExpectSymbol(std::string_view text) {
    if (AcceptSymbol(text)) return absl::OkStatus();
    return Expected(absl::StrCat("'", std::string(text), "'"), Now());
  }

  // {% and one of `names` follow.
  bool AtBlock(const std::vector<std::string_view>& names) const {
    return Now().kind == Kind::kBlockBegin && Peek().kind == Kind::kName &&
           std::find(names.begin(), names.end(), Peek().text) != names.end();
  }

  absl::Status Expected(const std::string& what, const Token& found) const {
    const std::string text = found.kind == Kind::kEnd        ? "the template's end"
                             : found.kind == Kind::kBlockEnd ? "%}"
                             : found.kind == Kind::kPrintEnd ? "}}"
                                                             : found.text;
    return absl::InvalidArgumentError(
        absl::StrCat("line ", found.line, ": expected ", what, ", found '", text, "'"));
  }
  static absl::Status NotYet(const std::string& what, int line) {
    return absl::UnimplementedError(absl::StrCat("line ", line, ": ", what, " is not read yet"));
  }
  absl::Status TooDeep() const {
    return NotYet(absl::StrCat("nesting beyond ", kMaxDepth, " levels"), Now().line);
  }

  // Counts a level of nesting while it lives.
  class Level {
   public:
    explicit Level(TokenStream& stream) : stream_(stream) { ++stream_.depth_; }
    ~Level() { --stream_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool TooDeep() const { return stream_.depth_ > kMaxDepth; }

   private:
    TokenStream& stream_;
  };

  // Within an `if`, jinja2 complains about unknown filters and tests only when they run.
  bool conditional() const { return conditionals_ > 0; }

  // Counts an `if` while it lives.
  class Conditional {
   public:
    explicit Conditional(TokenStream& stream) : stream_(stream) { ++stream_.conditionals_; }
    ~Conditional() { --stream_.conditionals_; }
    Conditional(const Conditional&) = delete;
    Conditional& operator=(const Conditional&) = delete;

   private:
    TokenStream& stream_;
  };

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  int conditionals_ = 0;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_TOKEN_STREAM_H_
