// The tokenizer against ids that transformers gave, and what it refuses.
#include "engine/text/tokenizer.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "engine/text/byte_alphabet.h"
#include "engine/text/byte_level_tokenizer.h"
#include "engine/text/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string ModelPath() {
  const char* named = std::getenv("ASSAY_TEST_MODEL");
  return named != nullptr ? named : "var/models/smollm2-135m-instruct-q4_1.gguf";
}

TEST(TokenizerTest, EqualsTransformersOnTheGoldenStrings) {
  const auto file = GgufFile::Open(ModelPath());
  if (!file.ok()) GTEST_SKIP() << "no model: run `make setup`, or set ASSAY_TEST_MODEL";
  const auto tokenizer = MakeTokenizer(**file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  std::ifstream lines("tests/golden/text/tokenizer.jsonl");
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto golden = nlohmann::json::parse(line);
    const auto text = golden["text"].get<std::string>();
    const auto wanted = golden["ids"].get<std::vector<TokenId>>();
    const auto ids = (*tokenizer)->Encode(text, {.parse_special = true});
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, wanted) << text;
  }
  EXPECT_EQ(compared, 400);
}

// Bytes a..e, "Ġ", merges ab and abc, one control token, one user-defined one.
ByteLevelVocabulary SmallVocabulary() {
  using Kind = ByteLevelVocabulary::Kind;
  ByteLevelVocabulary vocabulary;
  vocabulary.tokens = {
      {"<|end|>", Kind::kControl}, {"a", Kind::kNormal},        {"b", Kind::kNormal},
      {"c", Kind::kNormal},        {"Ġ", Kind::kNormal},        {"ab", Kind::kNormal},
      {"abc", Kind::kNormal},      {"bc", Kind::kNormal},       {"<u>", Kind::kUserDefined},
      {"Ã", Kind::kNormal},        {"<|end|>>", Kind::kControl}};
  vocabulary.merges = {"b c", "a b", "ab c", "a bc"};
  vocabulary.pre_tokenizer = "gpt-2";
  vocabulary.eos = 0;
  return vocabulary;
}

class SmallTokenizerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ByteLevelTokenizer::Make(SmallVocabulary());
    ASSERT_TRUE(made.ok()) << made.status();
    tokenizer_ = *std::move(made);
  }
  std::vector<TokenId> Encode(const std::string& text, bool special = true) {
    const auto ids = tokenizer_->Encode(text, {.parse_special = special});
    EXPECT_TRUE(ids.ok()) << ids.status();
    return ids.ok() ? *ids : std::vector<TokenId>{};
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(SmallTokenizerTest, LowestRankMergesFirst) {
  EXPECT_THAT(Encode("abc"), ElementsAre(6));
  EXPECT_THAT(Encode("ab ab"), ElementsAre(5, 4, 5));
}

TEST_F(SmallTokenizerTest, LongestSpecialTokenWins) {
  EXPECT_THAT(Encode("a<|end|>>b"), ElementsAre(1, 10, 2));
  EXPECT_THAT(Encode("a<|end|>b"), ElementsAre(1, 0, 2));
}

TEST_F(SmallTokenizerTest, UsersCannotWriteControlTokens) {
  EXPECT_THAT(Encode("a<|end|>b<u>", /*special=*/false), ElementsAre(1, 2, 8));
  EXPECT_TRUE(tokenizer_->IsSpecial(0));
  EXPECT_FALSE(tokenizer_->IsSpecial(8));
  EXPECT_TRUE(tokenizer_->IsEndOfText(0));
}

TEST_F(SmallTokenizerTest, DecodesToUtf8AndSkipsSpecials) {
  EXPECT_EQ(*tokenizer_->Decode({0, 6, 4, 1}, false), "<|end|>abc a");
  EXPECT_EQ(*tokenizer_->Decode({0, 6, 4, 1}, true), "abc a");
  EXPECT_EQ(*tokenizer_->Decode({9}, false), "\xEF\xBF\xBD");
  EXPECT_EQ(tokenizer_->Decode({11}, false).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(tokenizer_->Decode({-1}, false).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(tokenizer_->TokenBytes(99), "");
}

TEST_F(SmallTokenizerTest, InvalidUtf8IsRefusedWithItsOffset) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"\xff", "byte 0"},         {"a\xc0\xaf", "byte 1"},
      {"\xed\xa0\x80", "byte 0"}, {"ab\xf5\x80\x80\x80", "byte 2"},
      {"ok\xe2\x82", "byte 2"},   {"\xf4\x90\x80\x80", "byte 0"},
      {"\x80", "byte 0"}};
  for (const auto& [text, where] : bad) {
    const absl::Status status = tokenizer_->Encode(text, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(where));
  }
}

TEST_F(SmallTokenizerTest, WordOfAMillionBytesIsNotQuadratic) {
  std::string word;
  for (int i = 0; i < 500'000; ++i) word += "ab";
  EXPECT_EQ(Encode(word).size(), 500'000);
}

TEST(TokenizerVocabularyTest, BrokenVocabulariesAreNamed) {
  ByteLevelVocabulary vocabulary = SmallVocabulary();
  vocabulary.merges.push_back("a zz");
  absl::Status status = ByteLevelTokenizer::Make(vocabulary).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("merges[4]: 'a zz'"));
  vocabulary = SmallVocabulary();
  vocabulary.pre_tokenizer = "dbrx";
  status = ByteLevelTokenizer::Make(vocabulary).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'dbrx'"));
}

TEST(ByteAlphabetTest, EveryByteGoesThereAndBack) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto bytes = BytesOfSpelling(SpellingOfByte(static_cast<uint8_t>(byte)));
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(*bytes, std::string(1, static_cast<char>(byte)));
  }
  EXPECT_EQ(SpellingOfByte(' '), "Ġ");
  EXPECT_FALSE(BytesOfSpelling("世").has_value());
}

TEST(Utf8Test, EachMaximalInvalidPartBecomesOneReplacement) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xf0\x9f\x98z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(ReplaceInvalidUtf8("\xc0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(ReplaceInvalidUtf8("grüße"), "grüße");
}

}  // namespace
}  // namespace assay::engine
