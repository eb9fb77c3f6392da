// Folders compared with `tokenizers`, and files that are damaged or made to break their reader.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/file_fixture.h"
#include "tests/engine/tokenizer/byte_tokenizer.h"
#include "tests/engine/tokenizer/golden_strings.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

// The small tokenizers of make_small_tokenizers.py.
class FolderTokenizerGoldenTest : public testing::TestWithParam<const char*> {};

TEST_P(FolderTokenizerGoldenTest, MatchesTokenizersOnTheGoldenStrings) {
  const std::string folder = std::string("tests/golden/text/small/") + GetParam();
  const auto tokenizer = MakeTokenizerFromFolder(folder);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  ExpectGolden(**tokenizer, folder);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FolderTokenizerGoldenTest,
                         testing::Values("byte_level", "falcon", "sentencepiece_bpe", "unigram",
                                         "unigram_bytes"),
                         [](const auto& info) { return std::string(info.param); });

class FolderTokenizerTest : public FileTest {
 protected:
  absl::Status Read(const std::string& json) const {
    Write("tokenizer.json", json);
    return MakeTokenizerFromFolder(folder_).status();
  }
  void ExpectDataLoss(const std::string& json, const std::string& message) const {
    const absl::Status status = Read(json);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
};

// A single entry must not make a table of four million tokens.
TEST_F(FolderTokenizerTest, IdsFarBeyondTheVocabularyAreRefused) {
  const absl::Time start = absl::Now();
  ExpectDataLoss(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 4194303}, "merges": []}})",
                 "the token 'b' has the id 4194303, far beyond the vocabulary of 2 tokens");
  EXPECT_LT(absl::Now() - start, Patience(absl::Milliseconds(200)));
  EXPECT_TRUE(
      Read(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 65537}, "merges": []}})").ok());
}

TEST_F(FolderTokenizerTest, TooManyOrTooLongAddedTokensAreRefused) {
  std::string json = R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
                         "added_tokens": [{"id": 0, "content": "<x>"})";
  for (int i = 0; i < 1 << 18; ++i) absl::StrAppend(&json, R"(,{"content":"<x)", i, R"(>"})");
  ExpectDataLoss(json + "]}", "262145 added, control and user-defined tokens; at most 262144");
  ExpectDataLoss(absl::StrCat(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
                                  "added_tokens": [{"id": 0, "content": ")",
                              std::string(1025, 'x'), R"("}]})"),
                 "has 1025 bytes; at most 1024");
}

// The check must precede the allocation, which would be 100 GB.
TEST_F(FolderTokenizerTest, TextThatWouldGrowTooMuchIsRefused) {
  const std::string model = R"("model": {"type": "BPE", "vocab": {"a": 0}, "merges": []})";
  const std::string content(10'000'000, 'b');
  for (const std::string& normalizer :
       {absl::StrCat(R"({"type": "Replace", "pattern": {"String": "a"}, "content": ")", content,
                     R"("})"),
        absl::StrCat(R"({"type": "Prepend", "prepend": ")", content, R"("})")}) {
    const std::string json = absl::StrCat("{", model, R"(, "normalizer": )", normalizer, "}");
    Write("tokenizer.json", json);
    const auto tokenizer = MakeTokenizerFromFolder(folder_);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    const absl::Time start = absl::Now();
    const absl::Status status = (*tokenizer)->Encode(std::string(100'000, 'a'), {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("more than 64 times as long"));
    EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(1)));
  }
  ExpectDataLoss(absl::StrCat("{", model, R"(, "pre_tokenizer": {"type": "Metaspace",
                                               "replacement": "bb"}})"),
                 "'replacement' is not a character");
}

// The tokenizers crate ignores the ids of added tokens: tokens of the vocabulary keep their ids,
// and new ones have the next ids.
TEST_F(FolderTokenizerTest, TheIdsOfAddedTokensAreIgnored) {
  Write("tokenizer.json", R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 5},
      "merges": []}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
      "added_tokens": [{"id": 4194303, "content": "<x>"}, {"id": 9, "content": "b"},
                       {"id": 3, "content": "<y>"}]})");
  const auto tokenizer = MakeTokenizerFromFolder(folder_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT(EncodeSpecial(**tokenizer, "a<x>b<y>c"), testing::ElementsAre(0, 3, 1, 4, 5));
}

// A folder of before tokenizer.json. The class of the tokenizer has the pattern.
TEST_F(FolderTokenizerTest, TheClassDecidesHowVocabularyAndMergesAreUsed) {
  const auto read = [&](const std::string& config) {
    Write("vocab.json", ByteTokenizerJson()["model"]["vocab"].dump());
    Write("merges.txt", "#version: 0.2\n");
    Write("tokenizer_config.json", config);
    auto tokenizer = MakeTokenizerFromFolder(folder_);
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
    return EncodeSpecial(**tokenizer, "e\u0301");
  };
  EXPECT_THAT(read("{}"), testing::ElementsAre('e', 0xCC, 0x81));
  EXPECT_THAT(read(R"({"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": true})"),
              testing::ElementsAre(' ', 'e', 0xCC, 0x81));
  EXPECT_THAT(read(R"({"tokenizer_class": "Qwen2TokenizerFast"})"),
              testing::ElementsAre(0xC3, 0xA9));
}

// tokenizers #918.
TEST_F(FolderTokenizerTest, ASingleWordTokenHidesTheTokenItBeginsWith) {
  Write(
      "tokenizer.json",
      ByteTokenizerJson({{{"content", "ab"}}, {{"content", "abc"}, {"single_word", true}}}).dump());
  const auto tokenizer = MakeTokenizerFromFolder(folder_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT(EncodeSpecial(**tokenizer, "abcd"), testing::ElementsAre(97, 98, 99, 100));
  EXPECT_THAT(EncodeSpecial(**tokenizer, "abd abc"), testing::ElementsAre(258, 100, 32, 259));
}

TEST_F(FolderTokenizerTest, InvalidJsonIsRefusedWithItsPosition) {
  ExpectDataLoss("{\"model\":\n  oops}", "tokenizer.json: not valid JSON: line 2, column 3");
}

}  // namespace
}  // namespace assay::engine
