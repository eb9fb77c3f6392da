// The special tokens of GGUF files. Expected values are llama.cpp's.
#include "engine/tokenizer/gguf_special_tokens.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/tokenizer/byte_tokenizer.h"
#include "tests/engine/tokenizer/gguf_metadata.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr int32_t kNormal = 1;
constexpr int32_t kUnknown = 2;
constexpr int32_t kControl = 3;
constexpr int32_t kUserDefined = 4;

// unsloth #6229: a model whose end of turn is a normal token runs on past it.
TEST(GgufSpecialTokensTest, EndsOfTurnAreKnownByTheirTextWhateverTheirType) {
  for (const int32_t type : {0, kNormal, kControl, kUserDefined, 99}) {
    const auto tokenizer = ByteLevelMetadata({"<s>", "</s>", "<|im_end|>"}, {3, 3, type}).ReadOk();
    EXPECT_THAT(EncodeSpecial(*tokenizer, "a<|im_end|>b"), ElementsAre(97, 258, 98)) << type;
    EXPECT_TRUE(tokenizer->IsEndOfText(258)) << type;
    EXPECT_TRUE(tokenizer->IsEndOfText(257)) << type;
    EXPECT_FALSE(tokenizer->IsEndOfText(256)) << type;
    EXPECT_EQ(*tokenizer->Decode({97, 258}, /*skip_special=*/true), "a") << type;
  }
}

TEST(GgufSpecialTokensTest, TheEndOfAMessageOfGptOssIsPartOfTheTurn) {
  const auto tokenizer =
      ByteLevelMetadata({"<|end|>", "<|return|>", "<|call|>", "<|channel|>"}, {3, 3, 3, 3})
          .ReadOk();
  EXPECT_FALSE(tokenizer->IsEndOfText(256));
  EXPECT_TRUE(tokenizer->IsEndOfText(257));
  EXPECT_TRUE(tokenizer->IsEndOfText(258));
  EXPECT_FALSE(tokenizer->IsSpecial(256));
  EXPECT_FALSE(tokenizer->IsSpecial(259));
  EXPECT_THAT(EncodeSpecial(*tokenizer, "<|end|>"), ElementsAre(256));
}

TEST(GgufSpecialTokensTest, FillInMiddleTokensAreKnownByTextAndByKey) {
  const auto by_text =
      ByteLevelMetadata({"<|fim_prefix|>", "<|fim_pad|>", "<|repo_name|>"}, {1, 1, 1}).ReadOk();
  EXPECT_THAT(EncodeSpecial(*by_text, "<|fim_prefix|>a"), ElementsAre(256, 97));
  EXPECT_TRUE(by_text->IsSpecial(256));
  EXPECT_FALSE(by_text->IsEndOfText(256));
  EXPECT_TRUE(by_text->IsEndOfText(257));
  EXPECT_TRUE(by_text->IsEndOfText(258));
  // The key of the metadata wins, and the type of its token stays.
  const auto by_key = ByteLevelMetadata({"<|fim_pad|>", "X"}, {kNormal, kNormal})
                          .Id("fim_pad_token_id", 257)
                          .ReadOk();
  EXPECT_FALSE(by_key->IsEndOfText(256));
  EXPECT_TRUE(by_key->IsEndOfText(257));
  EXPECT_FALSE(by_key->IsSpecial(257));
}

TEST(GgufSpecialTokensTest, KeysNameFurtherEnds) {
  const auto tokenizer = ByteLevelMetadata({"A", "B", "C"}, {3, 3, 3})
                             .Id("eot_token_id", 256)
                             .Id("eom_token_id", 257)
                             .ReadOk();
  EXPECT_TRUE(tokenizer->IsEndOfText(256));
  EXPECT_TRUE(tokenizer->IsEndOfText(257));
  EXPECT_FALSE(tokenizer->IsEndOfText(258));
}

TEST(GgufSpecialTokensTest, IdsOutsideTheVocabularyAreIgnored) {
  const auto tokenizer = ByteLevelMetadata({"<s>"}, {kControl})
                             .Id("bos_token_id", 256)
                             .Id("eos_token_id", 4'000'000'000)
                             .Id("padding_token_id", 257)
                             .Id("eot_token_id", 99'999)
                             .Flag("add_bos_token", true)
                             .Flag("add_eos_token", true)
                             .ReadOk();
  EXPECT_EQ(tokenizer->eos_id(), -1);
  EXPECT_THAT(tokenizer->template_tokens(), ElementsAre(Pair("bos_token", "<s>")));
  EXPECT_THAT(*tokenizer->Encode("a", {}), ElementsAre(256, 97));
}

// llama.cpp #7938, #7432: the marks of Phi-3 strip the whitespace after them.
TEST(GgufSpecialTokensTest, TheMarksOfPhi3StripTheWhitespaceAfterThem) {
  const std::vector<std::string> tokens = {"<unk>",    "<s>", "</s>",    "\u2581",   "H",
                                           "<|user|>", "i",   "\u2581H", "\u2581Hi", "<|end|>"};
  const auto metadata = [&] {
    return TokenizerMetadata()
        .Text("model", "llama")
        .Texts("tokens", tokens)
        .Numbers<float>("scores", kFloat32, {0, 0, 0, -9, -9, 0, -9, -2, -1, 0})
        .Numbers<int32_t>("token_type", kInt32, {2, 3, 3, 1, 1, 4, 1, 1, 1, 3});
  };
  const std::string chat = "<|user|>\n \tHi<|end|>\n<s> H";
  const auto phi = metadata().General("general.name", "Microsoft PHI-3 mini").ReadOk();
  EXPECT_THAT(EncodeSpecial(*phi, chat), ElementsAre(5, 8, 9, 1, 3, 7));
  const auto other = metadata().General("general.name", "Llama").ReadOk();
  EXPECT_THAT(EncodeSpecial(*other, "<|user|> Hi"), ElementsAre(5, 3, 8));
}

TEST(GgufSpecialTokensTest, TheMaskOfJinaStripsTheSpaceBeforeIt) {
  const auto tokenizer = ByteLevelMetadata({"<mask>"}, {kControl})
                             .General("general.architecture", "jina-bert-v3")
                             .ReadOk();
  EXPECT_THAT(EncodeSpecial(*tokenizer, "a  <mask> b"), ElementsAre(97, 256, 32, 98));
}

TEST(GgufSpecialTokensTest, SentencePieceHasDefaults) {
  const auto metadata = [] {
    return TokenizerMetadata()
        .Text("model", "llama")
        .Texts("tokens", {"<unk>", "<s>", "</s>", "\u2581", "a"});
  };
  const auto tokenizer = metadata().ReadOk();
  EXPECT_EQ(tokenizer->bos_id(), 1);
  EXPECT_EQ(tokenizer->eos_id(), 2);
  EXPECT_THAT(*tokenizer->Encode("a", {}), ElementsAre(1, 3, 4));
  EXPECT_THAT(
      tokenizer->template_tokens(),
      ElementsAre(Pair("bos_token", "<s>"), Pair("eos_token", "</s>"), Pair("unk_token", "<unk>")));
  EXPECT_THAT(*metadata()
                   .Flag("add_bos_token", false)
                   .Flag("add_space_prefix", false)
                   .ReadOk()
                   ->Encode("a", {}),
              ElementsAre(4));
}

TEST(GgufSpecialTokensTest, TheDefaultsOfT5EndATextAndHaveNoSpacePrefix) {
  const auto tokenizer = TokenizerMetadata()
                             .Text("model", "t5")
                             .Texts("tokens", {"<pad>", "</s>", "<unk>", "a"})
                             .Numbers<int32_t>("token_type", kInt32, {3, 3, kUnknown, 1})
                             .ReadOk();
  EXPECT_THAT(*tokenizer->Encode("ab", {}), ElementsAre(3, 2, 1));
}

TEST(GgufSpecialTokensTest, BertHasMarksBeforeWordsAndTokensAroundATextAlways) {
  const auto tokenizer =
      TokenizerMetadata()
          .Text("model", "bert")
          .Texts("tokens", {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581play", "ing", "\u2581!"})
          .Numbers<int32_t>("token_type", kInt32, {3, 2, 3, 3, 1, 1, 1})
          .Id("bos_token_id", 2)
          .Id("seperator_token_id", 3)
          .ReadOk();
  EXPECT_THAT(*tokenizer->Encode("Pl\u00e1ying! x", {}), ElementsAre(2, 4, 5, 6, 1, 3));
  EXPECT_EQ(*tokenizer->Decode({2, 4, 5, 6, 3}, /*skip_special=*/true), "playing !");
}

// GPT-2's vocabularies differ, so that llama.cpp's default id would be a comma.
TEST(GgufSpecialTokensTest, ByteLevelTokenizersHaveNoDefaults) {
  const auto tokenizer = ByteLevelMetadata({}, {}).Flag("add_bos_token", true).ReadOk();
  EXPECT_EQ(tokenizer->bos_id(), -1);
  EXPECT_THAT(tokenizer->template_tokens(), IsEmpty());
  EXPECT_THAT(*tokenizer->Encode("a", {}), ElementsAre(97));
}

TEST(GgufSpecialTokensTest, TypesAndScoresMayBeLongerThanTheVocabulary) {
  const auto tokenizer = TokenizerMetadata()
                             .Text("model", "llama")
                             .Texts("tokens", {"<unk>", "<s>", "</s>", "a", "b", "ab", "a"})
                             .Numbers<int32_t>("scores", kInt32, {0, 0, 0, -1, -1, -1, -1, -1})
                             .Numbers<int32_t>("token_type", kInt32, {2, 3, 3, 1, 1, 1, 1, 1, 1})
                             .Flag("add_space_prefix", false)
                             .ReadOk();
  EXPECT_THAT(EncodeSpecial(*tokenizer, "aba"), ElementsAre(5, 3));
  EXPECT_EQ(TokenizerMetadata()
                .Text("model", "llama")
                .Texts("tokens", {"a", "b"})
                .Numbers<int32_t>("token_type", kInt32, {1})
                .Read()
                .status()
                .code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace assay::engine
