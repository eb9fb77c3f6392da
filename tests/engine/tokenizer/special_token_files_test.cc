// The special tokens that the files beside tokenizer.json name. Expected values are those of
// transformers 5.23.
#include <string>
#include <utility>
#include <vector>

#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/tokenizer/byte_tokenizer.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SpecialTokenFilesTest : public ByteTokenizerTest {};

TEST_F(SpecialTokenFilesTest, NullIsNoTokenWhateverConfigJsonHas) {
  Write("config.json", R"({"bos_token_id": 257, "eos_token_id": 257})");
  const auto tokenizer = ReadWith(R"({"bos_token": null, "eos_token": "</s>"})");
  EXPECT_THAT(tokenizer->template_tokens(), ElementsAre(Pair("eos_token", "</s>")));
}

TEST_F(SpecialTokenFilesTest, TemplatesSeeAllNamedTokens) {
  const auto tokenizer = ReadWith(R"({
      "image_token": "<image>", "pad_token": {"content": "<pad>", "lstrip": false},
      "unk_token": "<unk>", "bos_token": "<s>", "max_token": 3,
      "extra_special_tokens": {"audio_token": "<audio>"}})");
  EXPECT_THAT(
      tokenizer->template_tokens(),
      ElementsAre(Pair("bos_token", "<s>"), Pair("unk_token", "<unk>"), Pair("pad_token", "<pad>"),
                  Pair("audio_token", "<audio>"), Pair("image_token", "<image>")));
}

TEST_F(SpecialTokenFilesTest, TheMapOverridesAConfigWithoutAddedTokens) {
  Write("special_tokens_map.json", R"({"bos_token": {"content": "</s>"}})");
  EXPECT_THAT(ReadWith(R"({"bos_token": "<s>"})")->template_tokens(),
              ElementsAre(Pair("bos_token", "</s>")));
  EXPECT_THAT(ReadWith(R"({"bos_token": "<s>", "added_tokens_decoder": {}})")->template_tokens(),
              ElementsAre(Pair("bos_token", "<s>")));
}

nlohmann::json ImEnd(bool special) { return {{"content", "<|im_end|>"}, {"special", special}}; }

// transformers #48658.
TEST_F(SpecialTokenFilesTest, TheConfigMarksATokenSpecial) {
  Write("tokenizer.json", ByteTokenizerJson({ImEnd(false)}).dump());
  EXPECT_EQ(*Read()->Decode({104, 258, 105}, /*skip_special=*/true), "h<|im_end|>i");
  const auto tokenizer = ReadWith(R"({"added_tokens_decoder": {"258": {
      "content": "<|im_end|>", "special": true, "normalized": false}}})");
  EXPECT_EQ(*tokenizer->Decode({104, 258, 105}, /*skip_special=*/true), "hi");
  EXPECT_TRUE(tokenizer->IsEndOfText(258));
}

TEST_F(SpecialTokenFilesTest, TheConfigStripsTheSpaceAfterAToken) {
  Write("tokenizer.json", ByteTokenizerJson({ImEnd(true)}).dump());
  EXPECT_THAT(EncodeSpecial(*ReadWith(R"({"added_tokens_decoder": {"258": {
                  "content": "<|im_end|>", "rstrip": true, "special": true}}})"),
                            "a<|im_end|>  b"),
              ElementsAre(97, 258, 98));
}

TEST_F(SpecialTokenFilesTest, TokensThatTokenizerJsonLacksAreAddedInTheOrderOfTheirIds) {
  const auto tokenizer = ReadWith(R"({"pad_token": "<pad>", "added_tokens_decoder": {
      "1000": {"content": "<|b|>", "special": true}, "999": {"content": "<|a|>"},
      "256": {"content": "<s>", "special": true}}, "extra_special_tokens": ["<|c|>", "<s>"]})");
  EXPECT_THAT(EncodeSpecial(*tokenizer, "<s><|a|><|b|><pad><|c|>"),
              ElementsAre(256, 258, 259, 260, 261));
  EXPECT_FALSE(tokenizer->IsSpecial(258));
  EXPECT_TRUE(tokenizer->IsSpecial(259));
  EXPECT_TRUE(tokenizer->IsSpecial(261));
}

TEST_F(SpecialTokenFilesTest, LegacyFilesAddTokens) {
  Write("added_tokens.json", R"({"<|b|>": 259, "<|a|>": 258})");
  Write("special_tokens_map.json", R"({"additional_special_tokens": [
      "<|b|>", {"content": "<|c|>", "lstrip": true}]})");
  const auto tokenizer = Read();
  EXPECT_THAT(EncodeSpecial(*tokenizer, "<|a|> <|b|> <|c|>"), ElementsAre(258, 32, 259, 260));
  EXPECT_FALSE(tokenizer->IsSpecial(258));
  EXPECT_TRUE(tokenizer->IsSpecial(259));
}

TEST_F(SpecialTokenFilesTest, ANamedTokenOfTheVocabularyBecomesSpecial) {
  const auto tokenizer = ReadWith(R"({"eos_token": "!"})");
  EXPECT_THAT(EncodeSpecial(*tokenizer, "a!"), ElementsAre(97, 33));
  EXPECT_EQ(tokenizer->eos_id(), 33);
  EXPECT_TRUE(tokenizer->IsSpecial(33));
}

TEST_F(SpecialTokenFilesTest, ANamedTokenOfTokenizerJsonBecomesSpecial) {
  Write("tokenizer.json", ByteTokenizerJson({ImEnd(false)}).dump());
  EXPECT_TRUE(ReadWith(R"({"eos_token": "<|im_end|>"})")->IsSpecial(258));
  EXPECT_FALSE(
      ReadWith(R"({"eos_token": "<|im_end|>", "added_tokens_decoder": {}})")->IsSpecial(258));
}

TEST_F(SpecialTokenFilesTest, TheMapLeavesTheModelsOwnTokens) {
  Write("special_tokens_map.json", R"({"image_token": "<a>", "bos_token": null})");
  EXPECT_THAT(ReadWith(R"({"image_token": "<b>", "bos_token": "<s>"})")->template_tokens(),
              ElementsAre(Pair("image_token", "<b>")));
}

TEST_F(SpecialTokenFilesTest, SplitSpecialTokensSplitsThemEverywhere) {
  EXPECT_THAT(EncodeSpecial(*ReadWith(R"({"split_special_tokens": true})"), "<s>"),
              ElementsAre('<', 's', '>'));
  EXPECT_THAT(EncodeSpecial(*ReadWith(R"({"split_special_tokens": null})"), "<s>"),
              ElementsAre(256));
}

// The post-processor of tokenizer.json decides.
TEST_F(SpecialTokenFilesTest, AddBosTokenIsIgnoredBesideTokenizerJson) {
  const auto tokenizer = ReadWith(R"({"bos_token": "<s>", "add_bos_token": true})");
  EXPECT_THAT(*tokenizer->Encode("a", {}), ElementsAre(97));
}

TEST_F(SpecialTokenFilesTest, ConfigsNameTheEndsOfAText) {
  Write("config.json", R"({"eos_token_id": [97, 98, 99999, -1, "x"], "bos_token_id": null})");
  Write("generation_config.json", R"({"eos_token_id": 99})");
  const auto tokenizer = Read();
  for (const TokenId id : {97, 98, 99, 257}) EXPECT_TRUE(tokenizer->IsEndOfText(id)) << id;
  EXPECT_FALSE(tokenizer->IsEndOfText(100));
  EXPECT_EQ(tokenizer->bos_id(), -1);
}

TEST_F(SpecialTokenFilesTest, InvalidFlagsAreNamed) {
  Write("tokenizer_config.json",
        R"({"added_tokens_decoder": {"258": {"content": "x", "lstrip": "no"}}})");
  const absl::Status status = MakeTokenizerFromFolder(folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(
      std::string(status.message()),
      testing::HasSubstr("tokenizer_config.json: added_tokens_decoder.258: 'lstrip' is not"));
}

TEST_F(SpecialTokenFilesTest, AFolderWithoutTheFilesNamesNoToken) {
  EXPECT_THAT(Read()->template_tokens(), IsEmpty());
}

}  // namespace
}  // namespace assay::engine
