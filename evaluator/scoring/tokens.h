// The tokens of one line of text.
#ifndef ASSAY_EVALUATOR_SCORING_TOKENS_H_
#define ASSAY_EVALUATOR_SCORING_TOKENS_H_

#include <optional>
#include <string_view>

#include "evaluator/scoring/text_analysis.h"

namespace assay::evaluator {

enum class TokenKind { kWord, kSentenceEnd, kHashtag, kMention, kUrl, kUnitSign, kEmoji };

struct Token {
  TokenKind kind = TokenKind::kWord;
  std::string_view text;
};

// Splits a line into tokens. A full stop inside a number ("2.1") or between an abbreviation and a
// lower-case letter ("6 p.m. on") does not end a sentence.
class Tokens {
 public:
  // `line` is normalized text and must outlive the tokens. A line feed inside it counts as a blank.
  explicit Tokens(std::string_view line) : rest_(line) {}
  // Returns nullopt at the end.
  std::optional<Token> Next();

 private:
  Token Consume(TokenKind kind, size_t bytes);
  size_t WordBytes() const;
  struct Mark {
    size_t bytes = 0;
    bool ends = false;
  };
  // Returns the run of . ! ? at the start, including the quotes and brackets after it.
  Mark SentenceMark() const;

  std::string_view rest_;
  std::string_view last_word_;
};

// Returns a word with the properties that depend on its text alone; Word::text is not set.
Word MakeWord(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TOKENS_H_
