// tokenizer.model files compared with the package `sentencepiece`, and damaged ones.
#include "engine/tokenizer/sentencepiece_tokenizer.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/tokenizer/sentencepiece_proto.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/formats/file_fixture.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kSmall[] = "tests/golden/text/small/";

// The models of make_sentencepiece_models.py.
class SentencePieceGoldenTest : public testing::TestWithParam<const char*> {};

TEST_P(SentencePieceGoldenTest, MatchesSentencePieceOnTheGoldenStrings) {
  const std::string folder = std::string(kSmall) + GetParam();
  const auto tokenizer = MakeTokenizerFromFolder(folder);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  std::ifstream lines(folder + "/golden.jsonl");
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto golden = nlohmann::json::parse(line);
    const auto text = golden["text"].get<std::string>();
    const auto ids = (*tokenizer)->Encode(text, {});
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, golden["ids"].get<std::vector<TokenId>>()) << text;
  }
  EXPECT_GT(compared, 100);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SentencePieceGoldenTest,
                         testing::Values("spm_unigram", "spm_bpe", "spm_suffix"),
                         [](const auto& info) { return std::string(info.param); });

class SentencePieceTest : public FileTest {
 protected:
  // Returns the tokenizer of the BPE model beside a tokenizer_config.json.
  std::unique_ptr<Tokenizer> ReadWith(const std::string& config) const {
    Write("tokenizer.model", ReadFile(std::string(kSmall) + "spm_bpe/tokenizer.model"));
    Write("tokenizer_config.json", config);
    auto tokenizer = MakeTokenizerFromFolder(folder_);
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
    return tokenizer.ok() ? *std::move(tokenizer) : nullptr;
  }
};

TEST_F(SentencePieceTest, TheModelNamesItsSpecialTokens) {
  const auto tokenizer = ReadWith("{}");
  EXPECT_THAT(
      tokenizer->template_tokens(),
      ElementsAre(Pair("bos_token", "<s>"), Pair("eos_token", "</s>"), Pair("unk_token", "<unk>")));
  EXPECT_TRUE(tokenizer->IsSpecial(1));
  EXPECT_TRUE(tokenizer->IsEndOfText(2));
  EXPECT_THAT(ReadWith(R"({"bos_token": null})")->template_tokens(),
              ElementsAre(Pair("eos_token", "</s>"), Pair("unk_token", "<unk>")));
}

TEST_F(SentencePieceTest, TheConfigAddsTokensAroundATextAndSpacesAfterSpecialTokens) {
  const auto plain = ReadWith("{}");
  const std::vector<TokenId> bare = *plain->Encode("model", {});
  std::vector<TokenId> around = {1};
  around.insert(around.end(), bare.begin(), bare.end());
  around.push_back(2);
  EXPECT_EQ(*ReadWith(R"({"add_bos_token": true, "add_eos_token": true})")->Encode("model", {}),
            around);
  EXPECT_EQ(*ReadWith(R"({"tokenizer_class": "T5Tokenizer"})")->Encode("model", {}),
            std::vector<TokenId>(around.begin() + 1, around.end()));
  const EncodeOptions special = {.parse_special = true};
  around.pop_back();
  EXPECT_EQ(*ReadWith(R"({"tokenizer_class": "LlamaTokenizer", "legacy": true})")
                 ->Encode("<s>model", special),
            around);
  const auto tokenizer = ReadWith(R"({"tokenizer_class": "LlamaTokenizer"})");
  EXPECT_NE(*tokenizer->Encode("<s>model", special), around);
  EXPECT_EQ(*tokenizer->Decode(*tokenizer->Encode("<s>model zoo\n", special), true), "model zoo\n");
}

TEST(SentencePieceProtoTest, UnknownFieldsAreSkippedAndDefaultsApply) {
  // Field 1 (a piece "a" with the score 1), field 9 (a varint), field 2 with field 3 = 2 (BPE).
  const std::string bytes(
      "\x0A\x08\x0A\x01"
      "a"
      "\x15\x00\x00\x80\x3F"
      "\x48\x05"
      "\x12\x02\x18\x02",
      16);
  const auto proto = ParseSentencePieceProto(bytes);
  ASSERT_TRUE(proto.ok()) << proto.status();
  EXPECT_EQ(proto->pieces.size(), 1);
  EXPECT_EQ(proto->pieces[0].spelling, "a");
  EXPECT_EQ(proto->pieces[0].score, 1.0);
  EXPECT_EQ(proto->model, SentencePieceProto::Model::kBpe);
  EXPECT_EQ(proto->padding, -1);
  EXPECT_TRUE(proto->add_dummy_prefix);
}

TEST_F(SentencePieceTest, DamagedModelsAreRefused) {
  const std::string model = ReadFile(std::string(kSmall) + "spm_unigram/tokenizer.model");
  // Every prefix is a valid message or an error.
  for (size_t size = 0; size < model.size(); size += 7) {
    const auto proto = ParseSentencePieceProto(std::string_view(model).substr(0, size));
    EXPECT_TRUE(proto.ok() || absl::IsDataLoss(proto.status())) << proto.status();
  }
  const std::string path = Write("tokenizer.model", "IQ== 0\nIg== 1\n");
  const absl::Status status = MakeTokenizerFromFolder(folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path + ": is not a SentencePiece model"));
}

}  // namespace
}  // namespace assay::engine
