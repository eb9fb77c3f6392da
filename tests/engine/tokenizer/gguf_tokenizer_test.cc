// GGUF tokenizers compared with Python's, and metadata that is damaged or made to break its reader.
#include "engine/tokenizer/gguf_tokenizer.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/formats/gguf_bytes.h"
#include "tests/engine/tokenizer/golden_strings.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string ModelPath() {
  const char* named = std::getenv("ASSAY_TEST_MODEL");
  return named != nullptr ? named : "var/models/smollm2-135m-instruct-q4_1.gguf";
}

TEST(GgufTokenizerTest, MatchesTransformersOnTheGoldenStrings) {
  const auto file = GgufFile::Open(ModelPath());
  if (!file.ok()) GTEST_SKIP() << "no model: run `make setup`, or set ASSAY_TEST_MODEL";
  const auto tokenizer = MakeTokenizer(**file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  std::ifstream lines("tests/golden/text/tokenizer.jsonl");
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto golden = nlohmann::json::parse(line);
    const auto text = golden["text"].get<std::string>();
    const auto expected = golden["ids"].get<std::vector<TokenId>>();
    const auto ids = (*tokenizer)->Encode(text, {.parse_special = true});
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, expected) << text;
  }
  EXPECT_EQ(compared, 400);
}

// The SentencePiece tokenizers of make_gguf_tokenizers.py.
class GgufTokenizerGoldenTest : public testing::TestWithParam<const char*> {};

TEST_P(GgufTokenizerGoldenTest, MatchesTokenizersOnTheGoldenStrings) {
  const std::string folder = std::string("tests/golden/text/small/") + GetParam();
  const auto file = GgufFile::Open(folder + "/model.gguf");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto tokenizer = MakeTokenizer(**file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  ExpectGolden(**tokenizer, folder);
}

INSTANTIATE_TEST_SUITE_P(Kinds, GgufTokenizerGoldenTest, testing::Values("gguf_llama", "gguf_t5"),
                         [](const auto& info) { return std::string(info.param); });

constexpr int32_t kNormal = 1;
constexpr int32_t kByte = 6;

absl::StatusOr<std::unique_ptr<Tokenizer>> Read(const Bytes& bytes) {
  const WrittenFile written(bytes);
  const auto file = GgufFile::Open(written.path());
  if (!file.ok()) return file.status();
  return MakeTokenizer(**file);
}

Bytes SentencePiece(const std::vector<std::string>& tokens, const std::vector<int32_t>& types) {
  Bytes bytes = Bytes::Header(0, 4);
  bytes.Key("tokenizer.ggml.model", kString).String("llama");
  bytes.Strings("tokenizer.ggml.tokens", tokens);
  bytes.Key("tokenizer.ggml.scores", kArray).Put(kFloat32).Put<uint64_t>(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) bytes.Put(-static_cast<float>(i));
  bytes.Key("tokenizer.ggml.token_type", kArray).Put(kInt32).Put<uint64_t>(types.size());
  for (const int32_t type : types) bytes.Put(type);
  return bytes;
}

Bytes ByteLevel(const std::string& pre, const std::vector<std::string>& tokens,
                const std::vector<std::string>& merges) {
  return Bytes::Header(0, 4)
      .Key("tokenizer.ggml.model", kString)
      .String("gpt2")
      .Key("tokenizer.ggml.pre", kString)
      .String(pre)
      .Strings("tokenizer.ggml.tokens", tokens)
      .Strings("tokenizer.ggml.merges", merges);
}

void ExpectRefused(const Bytes& bytes, absl::StatusCode code, const std::string& message) {
  const absl::Status status = Read(bytes).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

// Splitting a token at every position would take minutes for 300,000 bytes.
TEST(GgufTokenizerTest, LongTokensAreNotQuadratic) {
  const absl::Time start = absl::Now();
  ExpectRefused(SentencePiece({"a", std::string(3'000'000, 'a')}, {kNormal, kNormal}),
                absl::StatusCode::kUnimplemented, "token 1 has 3000000 bytes; at most 512");
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(1)));
  EXPECT_TRUE(Read(SentencePiece({"a", std::string(512, 'a')}, {kNormal, kNormal})).ok());
}

TEST(GgufTokenizerTest, ManyLongTokensAreNotQuadratic) {
  constexpr int kTokens = 20'000;
  std::vector<std::string> tokens;
  for (int i = 0; i < kTokens; ++i) tokens.push_back(absl::StrCat(std::string(500, 'a'), i));
  const absl::Time start = absl::Now();
  ExpectRefused(SentencePiece(tokens, std::vector<int32_t>(kTokens, kNormal)),
                absl::StatusCode::kUnimplemented, "tokens are too long");
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(3)));
}

TEST(GgufTokenizerTest, ByteTokensThatAreNotBytesAreRefused) {
  for (const char* spelling :
       {"<0x-1>", "<0xFFF>", "not a byte", "<0xG0>", "<0xab>", "<0x 1>", ""}) {
    ExpectRefused(SentencePiece({"a", spelling}, {kNormal, kByte}), absl::StatusCode::kDataLoss,
                  absl::StrCat("token 1 is '", spelling, "', but its type"));
  }
  EXPECT_TRUE(Read(SentencePiece({"a", "<0xFF>"}, {kNormal, kByte})).ok());
}

TEST(GgufTokenizerTest, MissingKeysAreDataLoss) {
  const std::vector<std::pair<Bytes, std::string>> cases = {
      {Bytes::Header(0, 0), "'tokenizer.ggml.tokens' is missing"},
      {Bytes::Header(0, 1).Strings("tokenizer.ggml.tokens", {"a"}),
       "'tokenizer.ggml.model' is missing"},
      {Bytes::Header(0, 2)
           .Strings("tokenizer.ggml.tokens", {"a"})
           .Key("tokenizer.ggml.model", kString)
           .String("gpt2"),
       "'tokenizer.ggml.merges' is missing"}};
  for (const auto& [bytes, message] : cases) {
    ExpectRefused(bytes, absl::StatusCode::kDataLoss, message);
  }
}

// Errors are sent in proto strings, which must be valid UTF-8.
TEST(GgufTokenizerTest, NamesInErrorsAreShortAndPrintable) {
  ExpectRefused(ByteLevel("gpt-2", {"a"}, {"\xe8 a"}), absl::StatusCode::kDataLoss,
                "tokenizer.ggml.merges[0]: '\\350 a' is not two tokens");
  ExpectRefused(ByteLevel("Mod\xe8le", {"a"}, {}), absl::StatusCode::kUnimplemented,
                "pre-tokenizer 'Mod\\350le' is not supported");
}

// The composed and the decomposed "é" have the same tokens after normalization to NFC.
TEST(GgufTokenizerTest, SomePreTokenizersNormalizeToNfc) {
  const std::vector<std::string> tokens = {"Ã", "©", "Ã©", "e", "Ì", "ģ"};
  const std::string composed = "\u00e9";
  const std::string decomposed = "e\u0301";
  for (const char* pre : {"qwen2", "deepseek-r1-qwen", "stablelm2", "olmo", "mpt", "command-r"}) {
    const auto tokenizer = Read(ByteLevel(pre, tokens, {"Ã ©"}));
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    EXPECT_THAT(*(*tokenizer)->Encode(composed, {}), ElementsAre(2)) << pre;
    EXPECT_THAT(*(*tokenizer)->Encode(decomposed, {}), ElementsAre(2)) << pre;
  }
  for (const char* pre : {"gpt-2", "llama-bpe", "gpt-4o", "tekken", "smollm"}) {
    const auto tokenizer = Read(ByteLevel(pre, tokens, {"Ã ©"}));
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    EXPECT_THAT(*(*tokenizer)->Encode(decomposed, {}), ElementsAre(3, 4, 5)) << pre;
  }
}

TEST(GgufTokenizerTest, TemplatesSeeTheTokensOfTheMetadata) {
  const auto tokenizer = Read(Bytes::Header(0, 8)
                                  .Key("tokenizer.ggml.model", kString)
                                  .String("gpt2")
                                  .Key("tokenizer.ggml.pre", kString)
                                  .String("gpt-2")
                                  .Strings("tokenizer.ggml.tokens", {"a", "<s>", "</s>", "<pad>"})
                                  .Strings("tokenizer.ggml.merges", {})
                                  .Key("tokenizer.ggml.bos_token_id", kUint32)
                                  .Put<uint32_t>(1)
                                  .Key("tokenizer.ggml.eos_token_id", kUint32)
                                  .Put<uint32_t>(2)
                                  .Key("tokenizer.ggml.seperator_token_id", kUint32)
                                  .Put<uint32_t>(2)
                                  .Key("tokenizer.ggml.padding_token_id", kUint32)
                                  .Put<uint32_t>(3));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT((*tokenizer)->template_tokens(),
              ElementsAre(Pair("bos_token", "<s>"), Pair("eos_token", "</s>"),
                          Pair("sep_token", "</s>"), Pair("pad_token", "<pad>")));
}

}  // namespace
}  // namespace assay::engine
