// The tokenizer against ids that transformers gave, and what it refuses.
#include "engine/tokenizer/tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/utf8.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
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

// The small tokenizers of make_small_tokenizers.py, against `tokenizers`.
class FolderTokenizerTest : public testing::TestWithParam<const char*> {};

void ExpectGolden(const Tokenizer& tokenizer, const std::string& folder) {
  std::ifstream lines(folder + "/golden.jsonl");
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto golden = nlohmann::json::parse(line);
    const auto text = golden["text"].get<std::string>();
    const auto full = golden["full"].get<std::vector<TokenId>>();
    SCOPED_TRACE(text);
    const auto ids = tokenizer.Encode(text, {.parse_special = true, .add_special = false});
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, golden["ids"].get<std::vector<TokenId>>());
    EXPECT_EQ(*tokenizer.Encode(text, {.parse_special = true}), full);
    EXPECT_EQ(*tokenizer.Decode(full, /*skip_special=*/true), golden["decoded"].get<std::string>());
  }
  EXPECT_GT(compared, 100);
}

TEST_P(FolderTokenizerTest, EqualsTokenizersOnTheGoldenStrings) {
  const std::string folder = std::string("tests/golden/text/small/") + GetParam();
  const auto tokenizer = MakeTokenizerFromFolder(folder);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  ExpectGolden(**tokenizer, folder);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FolderTokenizerTest,
                         testing::Values("byte_level", "falcon", "sentencepiece_bpe", "unigram",
                                         "unigram_bytes"),
                         [](const auto& info) { return std::string(info.param); });

// Those of make_gguf_tokenizers.py: SentencePiece's kinds in GGUF.
class GgufTokenizerTest : public testing::TestWithParam<const char*> {};

TEST_P(GgufTokenizerTest, EqualsTokenizersOnTheGoldenStrings) {
  const std::string folder = std::string("tests/golden/text/small/") + GetParam();
  const auto file = GgufFile::Open(folder + "/model.gguf");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto tokenizer = MakeTokenizer(**file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  ExpectGolden(**tokenizer, folder);
}

INSTANTIATE_TEST_SUITE_P(Kinds, GgufTokenizerTest, testing::Values("gguf_llama", "gguf_t5"),
                         [](const auto& info) { return std::string(info.param); });

// make_pre_tokenizers.py keeps pieces that may end within a character as Latin-1.
std::string Latin1(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) AppendUtf8(static_cast<uint8_t>(byte), &text);
  return text;
}

class PreTokenizerTest : public testing::TestWithParam<const char*> {};

TEST_P(PreTokenizerTest, CutsAsTokenizersDoes) {
  std::ifstream file("tests/golden/text/pre_tokenizers.json");
  const auto golden = nlohmann::json::parse(file);
  const std::string name = GetParam();
  const auto steps = NamedPreTokenizer(name);
  ASSERT_TRUE(steps.ok()) << steps.status();
  const auto& in_bytes = golden["bytes"];
  const bool latin1 = std::find(in_bytes.begin(), in_bytes.end(), name) != in_bytes.end();
  size_t compared = 0;
  for (const auto& wanted : golden["pieces"][name]) {
    const auto text = golden["texts"][compared++].get<std::string>();
    auto pieces = PreTokenize(*steps, text, /*starts_text=*/true);
    ASSERT_TRUE(pieces.ok()) << pieces.status();
    if (latin1) std::transform(pieces->begin(), pieces->end(), pieces->begin(), Latin1);
    EXPECT_EQ(*pieces, wanted.get<std::vector<std::string>>()) << text;
  }
  EXPECT_GT(compared, 70);
}

INSTANTIATE_TEST_SUITE_P(Names, PreTokenizerTest,
                         testing::Values("gpt-2", "smollm", "llama-bpe", "qwen2", "tekken",
                                         "gpt-4o", "bloom", "falcon", "default"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Bytes a..c, "Ġ", merges ab and abc, control tokens, one user-defined one.
absl::StatusOr<std::unique_ptr<Tokenizer>> MakeSmall(const std::vector<std::string>& merges = {
                                                         "b c", "a b", "ab c", "a bc"}) {
  TokenizerParts parts;
  parts.spellings = {"<|end|>", "a", "b", "c", "Ġ", "ab", "abc", "bc", "<u>", "Ã", "<|end|>>"};
  VocabularyIds ids;
  for (size_t i = 0; i < parts.spellings.size(); ++i) {
    ids[parts.spellings[i]] = static_cast<TokenId>(i);
  }
  absl::StatusOr<BytePairMerges> ranked = BytePairMerges::Make(merges, ids);
  if (!ranked.ok()) return ranked.status();
  parts.model = std::make_unique<BpeModel>(ids, *std::move(ranked), BpeOptions{.byte_level = true});
  parts.pre_tokenizer = *NamedPreTokenizer("gpt-2");
  parts.decoding.byte_level = true;
  parts.added = {{.content = "<|end|>", .id = 0, .special = true},
                 {.content = "<u>", .id = 8},
                 {.content = "<|end|>>", .id = 10, .special = true}};
  parts.eos = 0;
  return PipelineTokenizer::Make(std::move(parts));
}

class SmallTokenizerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = MakeSmall();
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
  const absl::Status merge = MakeSmall({"b c", "a zz"}).status();
  EXPECT_EQ(merge.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(merge.message()), HasSubstr("merges[1]: 'a zz'"));
  const absl::Status pattern = NamedPreTokenizer("nobody").status();
  EXPECT_EQ(pattern.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(pattern.message()), HasSubstr("'nobody'"));
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
