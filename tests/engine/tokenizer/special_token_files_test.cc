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

TEST_F(SpecialTokenFilesTest, AFolderWithoutTheFilesNamesNoToken) {
  EXPECT_THAT(Read()->template_tokens(), IsEmpty());
}

}  // namespace
}  // namespace assay::engine
