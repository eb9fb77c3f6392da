// Barriers keep a caller's text from becoming special tokens.
#include "engine/tokenizer/special_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/tokenizer/tokenizer.h"
#include "nlohmann/json.hpp"
#include "tests/engine/tokenizer/byte_tokenizer.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<NormalizerStep>& NoSteps() {
  static const auto* const kNone = new std::vector<NormalizerStep>;
  return *kNone;
}

TEST(SpecialGuardTest, FindsSpellingsAndOpenEnds) {
  const SpecialGuard guard({"<s>", "<|im_end|>"}, {}, &NoSteps());
  EXPECT_THAT(guard.Find("plain user text"), IsEmpty());
  EXPECT_THAT(guard.Find("a<s>"), ElementsAre(TextRange{1, 4}));
  // Templates strip white space, so that the ends meet what stands around the text.
  EXPECT_THAT(guard.Find(" im_end|> b <|im_ \n"), ElementsAre(TextRange{1, 1}, TextRange{17, 17}));
  EXPECT_THAT(guard.Find("  "), IsEmpty());
}

TEST(SpecialGuardTest, FindsWhatNormalizationMakesASpelling) {
  std::vector<NormalizerStep> steps;
  steps.emplace_back(UnicodeForm::kNfkc);
  const SpecialGuard guard({"<s>"}, {"<s>"}, &steps);
  EXPECT_THAT(guard.Find("a<s>"), ElementsAre(TextRange{1, 4}));
  // The full-width form of "<s>": every character is kept apart.
  EXPECT_THAT(guard.Find("\xEF\xBC\x9Cs\xEF\xBC\x9E"),
              ElementsAre(TextRange{0, 3}, TextRange{3, 4}, TextRange{4, 7}));
  EXPECT_THAT(guard.Find("\xEF\xBC\x9C"), IsEmpty());
}

// Encodes `text` with special tokens and barriers.
class BarrierTest : public ByteTokenizerTest {
 protected:
  std::vector<TokenId> Encode(const Tokenizer& tokenizer, const std::string& text,
                              const std::vector<size_t>& barriers) const {
    const auto ids =
        tokenizer.Encode(text, {.parse_special = true, .add_special = false, .barriers = barriers});
    EXPECT_TRUE(ids.ok()) << ids.status();
    return ids.ok() ? *ids : std::vector<TokenId>();
  }
};

TEST_F(BarrierTest, AddedTokensDoNotSpanABarrier) {
  const auto tokenizer = Read();
  EXPECT_THAT(Encode(*tokenizer, "<s><s>", {}), ElementsAre(256, 256));
  EXPECT_THAT(Encode(*tokenizer, "<s><s>", {1}), ElementsAre('<', 's', '>', 256));
  EXPECT_THAT(Encode(*tokenizer, "<s><s>", {5}), ElementsAre(256, '<', 's', '>'));
  // A barrier between two tokens holds neither back, unless it is listed twice.
  EXPECT_THAT(Encode(*tokenizer, "<s><s>", {3}), ElementsAre(256, 256));
  EXPECT_THAT(Encode(*tokenizer, "<s><s>", {3, 3}), ElementsAre(256, '<', 's', '>'));
}

TEST_F(BarrierTest, NormalizedTokensDoNotSpanABarrier) {
  nlohmann::json json =
      ByteTokenizerJson({{{"content", "<x>"}, {"special", true}, {"normalized", true}}});
  json["normalizer"] = {{"type", "Lowercase"}};
  Write("tokenizer.json", json.dump());
  const auto tokenizer = Read();
  EXPECT_THAT(Encode(*tokenizer, "A<X>", {}), ElementsAre('a', 258));
  EXPECT_THAT(Encode(*tokenizer, "A<X><x>", {2}), ElementsAre('a', '<', 'x', '>', 258));
  EXPECT_THAT(Encode(*tokenizer, "<X>", {0, 0}), ElementsAre('<', 'x', '>'));
  const SpecialGuard guard = tokenizer->MakeGuard("");
  EXPECT_THAT(guard.Find("a<X>"),
              ElementsAre(TextRange{0, 1}, TextRange{1, 2}, TextRange{2, 3}, TextRange{3, 4}));
}

TEST_F(BarrierTest, ControlTokensOfATemplateAreGuardedToo) {
  Write(
      "tokenizer.json",
      ByteTokenizerJson({{{"content", "<think>"}}, {{"content", "<table>"}}, {{"content", "   "}}})
          .dump());
  const auto tokenizer = Read();
  const SpecialGuard plain = tokenizer->MakeGuard("");
  EXPECT_THAT(plain.Find("<think>"), IsEmpty());
  EXPECT_THAT(plain.Find("<s>"), ElementsAre(TextRange{0, 3}));
  const SpecialGuard guard = tokenizer->MakeGuard("   {{ '<think>' }}");
  EXPECT_THAT(guard.Find("<think>   <table><s>"), ElementsAre(TextRange{0, 7}, TextRange{17, 20}));
}

}  // namespace
}  // namespace assay::engine
