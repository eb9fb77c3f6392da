#include "engine/runtime/prompt_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/synthetic_models.h"
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

using PromptFilesTest = SyntheticModelTest;

// gemma-3-1b-it is like this: the last tokens of its vocabulary have no embedding.
TEST_F(PromptFilesTest, TokensWithoutAnEmbeddingAreRefusedWhenUsed) {
  WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  std::ofstream(folder_ + "/tokenizer.json")
      << R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 320}, "merges": []}})";
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_TRUE((*model)->Tokenize({.text = "a"}).ok());
  const absl::Status refused = (*model)->Tokenize({.text = "ab"}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("b') cannot be used"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("320 tokens only"));
}

TEST_F(PromptFilesTest, RawPromptsGoOnWithoutAUsableTemplate) {
  WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  std::ofstream(folder_ + "/tokenizer_config.json")
      << R"({"chat_template": [{"name": "rag", "template": "a"},
                               {"name": "tool_use", "template": "{{ x"}]})";
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto code = [&](const Prompt& prompt) {
    return (*model)->Tokenize(prompt).status().code();
  };
  EXPECT_EQ(code({.text = "a"}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.text = "a", .tools = "[]"}), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code({.text = "a", .chat_template = "rag"}), absl::StatusCode::kOk);
  EXPECT_EQ(code({.text = "a", .raw = true}), absl::StatusCode::kOk);
}

TEST_F(PromptFilesTest, SuggestedSamplingIsRead) {
  WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  const auto suggestion = [&](const std::string& config) {
    std::ofstream(folder_ + "/generation_config.json") << config;
    const auto inspection = InspectModel(options_);
    EXPECT_TRUE(inspection.ok()) << inspection.status();
    return inspection.ok() ? inspection->sampling.Describe() : "";
  };
  EXPECT_EQ(suggestion(R"({"temperature": 0.5})"), "greedy");
  EXPECT_EQ(suggestion(R"({"do_sample": true})"), "temperature 1, top_k 50");
  EXPECT_EQ(suggestion(R"({"do_sample": true, "temperature": 0.6, "top_p": 0.95, "top_k": 20,
                           "min_p": 0, "repetition_penalty": 1.05})"),
            "temperature 0.6, top_p 0.95, top_k 20, min_p 0, repetition_penalty 1.05");
  EXPECT_EQ(suggestion(R"({"do_sample": true, "temperature": 3, "top_p": "a", "top_k": 1e300})"),
            "greedy; not supported: temperature 3, top_p \"a\", top_k 1e+300");
  EXPECT_EQ(suggestion("{"), "greedy");
}

}  // namespace
}  // namespace assay::engine
