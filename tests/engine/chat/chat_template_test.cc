// Chat templates compared with Python's jinja2, and the inputs that are refused.
#include "engine/chat/chat_template.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/work_limit.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/cost.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

std::string Repeat(const std::string& part, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

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

// A regression test: each argument was compared with all others, which took half a minute.
TEST(ChatTemplateTest, ManyArgumentsAreRefused) {
  std::string names = "a";
  std::string values = "a=1";
  for (int i = 0; i < 60'000; ++i) {
    absl::StrAppend(&names, ",k", i);
    absl::StrAppend(&values, ",k", i, "=1");
  }
  for (const std::string& source : {"{{ f(" + values + ") }}", "{{ f(" + names + ") }}",
                                    "{% macro m(" + names + ") %}{% endmacro %}"}) {
    absl::Status status;
    EXPECT_LT(CpuOf([&] { status = ChatTemplate::Parse(source).status(); }),
              absl::Seconds(2) * kSlowness);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("more than 255 arguments"));
  }
}

// Each input costs as much as its limits allow.
TEST(ChatTemplateTest, RenderingHasALimitOfProcessorTime) {
  const std::string items = "[0" + Repeat(",0", 90'000) + "]";
  const std::string text = "\"" + std::string(1'000'000, 'a') + "\"";
  const std::string variables = "{\"l\":" + items + ",\"s\":" + text + "}";
  for (const char* body :
       {"{% for x in l %}{% for y in l %}{% set z = y %}{% endfor %}{% endfor %}",
        "{% for x in l %}{{ (s | upper) | length }}{% endfor %}",
        "{% for x in l %}{{ s.replace('aaaaaaaaaaaaaaab', 'c') | length }}{% endfor %}",
        "{% for x in l %}{{ (l | tojson) | length }}{% endfor %}",
        "{% for x in l %}{{ (7 ** 11000) // (3 ** 5000) > 0 }}{% endfor %}",
        "{% for x in l %}{{ (s | wordwrap(1)) | length }}{% endfor %}",
        "{% set n = namespace(s=[]) %}{% for x in l %}{% set n.s = n.s + [x] %}{% endfor %}",
        "{% set n = namespace(s=s) %}{% for x in l %}{% set n.s = n.s + 'a' %}{% endfor %}",
        "{% for x in l %}{{ l | sort | length }}{% endfor %}"}) {
    const auto parsed = ChatTemplate::Parse(body);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const CallContext call;
    absl::Status status;
    const absl::Duration cpu = CpuOf([&] {
      const WorkLimit limit(absl::Milliseconds(400), call);
      status = (*parsed)->Render({.variables = variables}).status();
    });
    EXPECT_LT(cpu, absl::Milliseconds(500) * kSlowness) << body << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << body << status;
  }
}

}  // namespace
}  // namespace assay::engine
