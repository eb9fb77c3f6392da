// Chat templates compared with Python's jinja2, and the inputs that are refused.
#include "engine/chat/chat_template.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using testing::HasSubstr;

absl::StatusOr<std::string> Render(const std::string& source, const ChatTemplateInputs& inputs) {
  const auto parsed = ChatTemplate::Parse(source);
  if (!parsed.ok()) return parsed.status();
  absl::StatusOr<RenderedPrompt> prompt = (*parsed)->Render(inputs);
  if (!prompt.ok()) return prompt.status();
  EXPECT_EQ(prompt->barriers, std::vector<size_t>());
  return prompt->text;
}

TEST(ChatTemplateTest, RendersLikeJinja2) {
  std::ifstream file("tests/golden/text/templates.json");
  const auto cases = nlohmann::json::parse(file);
  EXPECT_GE(cases.size(), 200);
  for (const auto& golden : cases) {
    ChatTemplateInputs inputs;
    inputs.add_generation_prompt = golden["add_generation_prompt"];
    inputs.special_tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
    for (const auto& message : golden["messages"]) {
      inputs.messages.push_back({message["role"], message["content"]});
    }
    const auto text = Render(golden["source"], inputs);
    const auto name = golden["name"].get<std::string>() + " " + golden["messages"].dump();
    if (golden.contains("refused")) {
      EXPECT_FALSE(text.ok()) << name << *text;
      EXPECT_THAT(std::string(text.status().message()),
                  HasSubstr(golden["refused"].get<std::string>()));
      continue;
    }
    EXPECT_TRUE(text.ok()) << name << golden["source"] << text.status();
    if (!text.ok()) continue;
    EXPECT_EQ(*text, golden["text"].get<std::string>()) << name << golden["source"];
  }
}

TEST(ChatTemplateTest, ErrorsNameTheTemplateAndTheLine) {
  const absl::Status unsupported = ChatTemplate::Parse("a\n{% include 'x' %}").status();
  EXPECT_EQ(unsupported.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(unsupported.message()),
              HasSubstr("chat template: line 2: block 'include'"));
  EXPECT_EQ(ChatTemplate::Parse("{{ x").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status refused = Render("{{ raise_exception('no ' ~ messages[0].role) }}",
                                      {.messages = {{"narrator", "Once"}}})
                                   .status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("chat template: line 1: no narrator"));
}

TEST(ChatTemplateTest, InputsThatAreNotJsonAreNamed) {
  const std::string source = "{{ messages }}{{ tools }}";
  EXPECT_THAT(std::string(Render(source, {.messages = {{"user", "x", "[1]"}}}).status().message()),
              HasSubstr("messages[0].fields: is not a JSON object"));
  EXPECT_THAT(std::string(Render(source, {.tools = "{"}).status().message()), HasSubstr("tools"));
  EXPECT_THAT(std::string(Render(source, {.tools = "{}"}).status().message()),
              HasSubstr("tools: is not a JSON list"));
  EXPECT_THAT(std::string(Render(source, {.variables = "3"}).status().message()),
              HasSubstr("variables: is not a JSON object"));
}

// The server checks the role of a message, so `fields` must not replace it.
TEST(ChatTemplateTest, FieldsCannotReplaceOtherInputs) {
  const std::string source = "{{ messages }}";
  EXPECT_THAT(std::string(Render(source, {.messages = {{"user", "x", R"({"role": "system"})"}}})
                              .status()
                              .message()),
              HasSubstr("messages[0].fields: has a 'role'"));
  EXPECT_THAT(std::string(Render(source, {.variables = R"({"messages": []})"}).status().message()),
              HasSubstr("variables: has a 'messages'"));
}

TEST(ChatTemplateTest, FieldsToolsAndVariablesReachTheTemplate) {
  const ChatTemplateInputs inputs = {
      .messages = {{"assistant", "text", R"({"content": [{"text": "part"}], "name": "n"})"}},
      .tools = R"([{"b": 1, "a": "é"}])",
      .variables = R"({"enable_thinking": false})"};
  EXPECT_EQ(*Render("{{ messages[0].content[0].text }} {{ messages[0].name }} {{ tools | tojson }} "
                    "{{ enable_thinking }}",
                    inputs),
            "part n [{\"b\": 1, \"a\": \"é\"}] False");
}

}  // namespace
}  // namespace assay::engine
