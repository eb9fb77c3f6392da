#include "engine/runtime/prompt_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/tiny_models.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

TEST(PromptEncoderTest, BadPromptsAreInvalid) {
  const auto model = LanguageModel::Load(TinyModelOptions("tiny_tied"));
  ASSERT_TRUE(model.ok()) << model.status();
  const auto error = [&](Prompt prompt) {
    const absl::Status status = (*model)->Tokenize(prompt).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error({}), HasSubstr("empty"));
  EXPECT_THAT(error({.tokens = std::vector<TokenId>(128, 1)}), HasSubstr("128 tokens"));
  EXPECT_THAT(error({.tokens = {1, 5000}}), HasSubstr("5000"));
  EXPECT_THAT(error({.tokens = {-1}}), HasSubstr("-1"));
  EXPECT_THAT(error({.text = "\xFF", .raw = true}), HasSubstr("UTF-8"));
  EXPECT_TRUE((*model)->Tokenize({.tokens = std::vector<TokenId>(127, 1)}).ok());
}

TEST(PromptEncoderTest, TextIsAUserMessageUnlessRaw) {
  const auto model = LanguageModel::Load(TinyModelOptions("tiny_tied"));
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE((*model)->info().has_chat_template);
  const auto turn = (*model)->Tokenize({.text = "hi"});
  const auto chat = (*model)->Tokenize({.chat = {{"user", "hi"}}});
  const auto spelled = (*model)->Tokenize(
      {.text = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", .raw = true});
  const auto raw = (*model)->Tokenize({.text = "hi", .raw = true});
  ASSERT_TRUE(turn.ok() && chat.ok() && spelled.ok() && raw.ok());
  EXPECT_EQ(*turn, *chat);
  EXPECT_EQ(*turn, *spelled);
  EXPECT_EQ(raw->size(), 2U);
}

TEST(PromptEncoderTest, ToolsAndVariablesArePassedToTheTemplateOnly) {
  const auto model = LanguageModel::Load(TinyModelOptions("tiny_tied"));
  ASSERT_TRUE(model.ok()) << model.status();
  // The template of this model uses neither.
  const auto plain = (*model)->Tokenize({.text = "hi"});
  const auto with = (*model)->Tokenize(
      {.text = "hi", .tools = "[{\"name\": \"f\"}]", .variables = "{\"enable_thinking\": false}"});
  ASSERT_TRUE(plain.ok() && with.ok()) << with.status();
  EXPECT_EQ(*plain, *with);
  const auto error = [&](const Prompt& prompt) {
    const absl::Status status = (*model)->Tokenize(prompt).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error({.text = "hi", .tools = "{}"}), HasSubstr("tools: is not a JSON list"));
  EXPECT_THAT(error({.text = "hi", .variables = "[1"}), HasSubstr("variables: is not JSON"));
  EXPECT_THAT(error({.text = "hi", .raw = true, .tools = "[]"}), HasSubstr("raw prompt"));
  EXPECT_THAT(error({.tokens = {1}, .variables = "{}"}), HasSubstr("need a chat template"));
}

}  // namespace
}  // namespace assay::engine
