// The tokens of one line.
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

// A full stop inside a number ends no sentence, nor does one behind an abbreviation and before a
// small letter ("2.1", "6 p.m. on").
class Tokens {
 public:
  // Clean text; a line feed in it is a blank.
  explicit Tokens(std::string_view line) : rest_(line) {}
  // None at the end.
  std::optional<Token> Next();

 private:
  Token Take(TokenKind kind, size_t bytes);
  size_t WordBytes() const;
  struct Mark {
    size_t bytes = 0;
    bool ends = false;
  };
  // The run of . ! ? at the start, with the quotes and brackets behind it.
  Mark SentenceMark() const;

  std::string_view rest_;
  std::string_view last_word_;
};

Word MakeWord(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TOKENS_H_
