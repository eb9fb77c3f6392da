// Tests of language detection.
#include "evaluator/sense/language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "evaluator/sense/references.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;

TEST(LanguageTest, EveryReferenceIsInItsLanguage) {
  ASSERT_EQ(References().size(), 7U);
  for (const auto& [code, references] : References()) {
    ASSERT_EQ(references.size(), 2U) << code;
    for (const ReferenceText& reference : references) {
      EXPECT_EQ(DetectLanguage(reference.text).code, code) << reference.text;
      EXPECT_EQ(DetectLanguage(reference.prompt).code, code) << reference.prompt;
      EXPECT_GE(FunctionWordShare(reference.text, code), 0.22) << reference.text;
    }
  }
}

TEST(LanguageTest, OtherLanguagesNoiseAndShortTextsAreUnknown) {
  EXPECT_EQ(DetectLanguage("").code, "");
  EXPECT_EQ(DetectLanguage("the cat is on").code, "");
  // Finnish, Turkish and Japanese have no list.
  EXPECT_EQ(DetectLanguage("Hissi on poissa käytöstä tiistaista torstaihin, koska moottori pitää "
                           "vaihtaa, ja siksi pyydämme käyttämään portaita.")
                .code,
            "");
  EXPECT_EQ(DetectLanguage("Asansör salı sabahından perşembe akşamına kadar çalışmayacak.").code,
            "");
  EXPECT_EQ(DetectLanguage("エレベーターは火曜日の朝から木曜日の夜まで止まります。").code, "");
  EXPECT_EQ(DetectLanguage("server client retry backoff jitter request response timeout").code, "");
  // Single letters are words of many languages.
  EXPECT_EQ(DetectLanguage("a e o y x a i o u e a y l d").code, "");
}

TEST(LanguageTest, WordsAreLowerCaseAndNumbersKeepTheirMarks) {
  EXPECT_THAT(PlainWords("Über 1,000.5 € – l'été, 14.10.: no. 3."),
              ElementsAre("über", "1,000.5", "l", "été", "14.10", "no", "3"));
  EXPECT_THAT(PlainWords("\xff\xfe a\xc3"), ElementsAre("a"));
}

TEST(LanguageTest, NamesOfLanguagesAreEnglish) {
  EXPECT_EQ(LanguageName("de"), "German");
  EXPECT_EQ(LanguageName(""), "an unknown language");
}

}  // namespace
}  // namespace assay::evaluator
