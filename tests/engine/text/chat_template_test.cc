// Chat templates against Python's jinja2, and what is refused.
#include "engine/text/chat_template.h"

#include <fstream>
#include <string>
#include <utility>
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
  return (*parsed)->Render(inputs);
}

TEST(ChatTemplateTest, RendersAsJinja2) {
  std::ifstream file("tests/golden/text/templates.json");
  const auto cases = nlohmann::json::parse(file);
  EXPECT_GE(cases.size(), 100);
  for (const auto& golden : cases) {
    ChatTemplateInputs inputs;
    inputs.add_generation_prompt = golden["add_generation_prompt"];
    inputs.bos_token = "<s>";
    inputs.eos_token = "</s>";
    for (const auto& message : golden["messages"]) {
      inputs.messages.push_back({message["role"], message["content"]});
    }
    const auto text = Render(golden["source"], inputs);
    const auto name = golden["name"].get<std::string>() + " " + golden["messages"].dump();
    if (golden.contains("refused")) {
      EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument) << name;
      EXPECT_THAT(std::string(text.status().message()),
                  HasSubstr(golden["refused"].get<std::string>()));
      continue;
    }
    ASSERT_TRUE(text.ok()) << name << text.status();
    EXPECT_EQ(*text, golden["text"].get<std::string>()) << name;
  }
}

TEST(ChatTemplateTest, WhatIsNotReadYetIsNamedWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\n{% macro f() %}{% endmacro %}", "line 2: block 'macro'"},
      {"{{ x | tojson }}", "filter 'tojson'"},
      {"{{ namespace(a=1) }}", "function 'namespace'"},
      {"{{ x.items() }}", "method 'items'"},
      {"{{ x is divisibleby }}", "test 'divisibleby'"},
      {"{% for a, b in x %}{% endfor %}", "several names"},
      {"{{ {'a': 1} }}", "dictionary"},
      {"{{ 3 > 2 > 1 }}", "chain of comparisons"},
      {"{{ 1.5 }}", "fraction"},
      {"{{ 7 // 2 }}", "operator '//'"},
  };
  for (const auto& [source, wanted] : cases) {
    const absl::Status status = ChatTemplate::Parse(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr(wanted)) << source;
  }
}

TEST(ChatTemplateTest, SyntaxErrorsHaveTheirLine) {
  const std::vector<std::string> cases = {"\n{% if x %}a",
                                          "\n{{ x",
                                          "\n{{ 'x }}",
                                          "\n{% for x %}{% endfor %}",
                                          "\n{% endif %}",
                                          "\n{{ ) }}",
                                          "\n{{ a b }}",
                                          "\n{# never closed",
                                          "\n{% if x %}{% else %}{% elif y %}{% endif %}",
                                          "\n{{ 99999999999999999999 }}"};
  for (const std::string& source : cases) {
    const absl::Status status = ChatTemplate::Parse(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 2")) << source;
  }
}

TEST(ChatTemplateTest, RunawayTemplatesEnd) {
  ChatTemplateInputs many;
  for (int i = 0; i < 1500; ++i) many.messages.push_back({"user", "x"});
  const std::string nested =
      "{% for a in messages %}{% for b in messages %}{% endfor %}{% endfor %}";
  EXPECT_THAT(std::string(Render(nested, many).status().message()), HasSubstr("steps"));
  const std::string loud =
      "{% set s = messages[0].content %}{% for a in messages %}{{ s }}{% endfor %}";
  many.messages[0].content = std::string(1 << 20, 'x');
  EXPECT_THAT(std::string(Render(loud, many).status().message()), HasSubstr("writes more than"));
  std::string growing = "{% set s = messages[0].content %}";
  for (int i = 0; i < 8; ++i) growing += "{% set s = s + s %}";
  EXPECT_THAT(std::string(Render(growing, many).status().message()), HasSubstr("4 MiB"));
}

TEST(ChatTemplateTest, ListsThatDoubleEndBeforeMemoryDoes) {
  std::string growing = "{% set x = messages %}";
  for (int i = 0; i < 40; ++i) growing += "{% set x = x + x %}";
  ChatTemplateInputs inputs;
  inputs.messages = {{"user", "x"}};
  EXPECT_THAT(std::string(Render(growing, inputs).status().message()), HasSubstr("items"));
}

TEST(ChatTemplateTest, LongTextReadInLoopsCountsAsSteps) {
  ChatTemplateInputs inputs;
  for (int i = 0; i < 500; ++i) inputs.messages.push_back({"user", "x"});
  inputs.messages[0].content = std::string(2 << 20, 'x');
  const std::string source =
      "{% set s = messages[0].content %}{% for a in messages %}{% for b in messages %}"
      "{% if s %}{% endif %}{% endfor %}{% endfor %}";
  EXPECT_THAT(std::string(Render(source, inputs).status().message()), HasSubstr("steps"));
}

TEST(ChatTemplateTest, WhatPythonStripsIsStripped) {
  ChatTemplateInputs inputs;
  inputs.messages = {{"user", "\xE3\x80\x80 x\xC2\xA0"}};
  EXPECT_EQ(*Render("[{{ messages[0].content | trim }}]", inputs), "[x]");
  EXPECT_EQ(*Render("[{{ messages[0].content.strip() }}]", inputs), "[x]");
}

TEST(ChatTemplateTest, DeepNestingIsRefused) {
  EXPECT_EQ(
      ChatTemplate::Parse("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}")
          .status()
          .code(),
      absl::StatusCode::kUnimplemented);
  EXPECT_FALSE(ChatTemplate::Parse("{{ " + std::string(100000, '-') + "1 }}").ok());
  std::string nots = "{{ ";
  for (int i = 0; i < 100000; ++i) nots += "not ";
  EXPECT_FALSE(ChatTemplate::Parse(nots + "1 }}").ok());
  std::string sum = "{{ 1";
  std::string parts = "{{ x";
  for (int i = 0; i < 100000; ++i) {
    sum += "+1";
    parts += ".a";
  }
  EXPECT_FALSE(ChatTemplate::Parse(sum + " }}").ok());
  EXPECT_FALSE(ChatTemplate::Parse(parts + " }}").ok());
}

TEST(ChatTemplateTest, UndefinedValuesThatAreUsedAreErrors) {
  EXPECT_EQ(Render("{{ nobody.name }}", {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Render("{{ 1 + 'a' }}", {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Render("{{ 5 % 0 }}", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::engine
