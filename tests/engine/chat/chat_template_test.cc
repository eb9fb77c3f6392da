// Chat templates against Python's jinja2, and what is refused.
#include "engine/chat/chat_template.h"

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
  EXPECT_GE(cases.size(), 200);
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

TEST(ChatTemplateTest, WhatIsNotReadYetIsNamedWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\n{% include 'x' %}", "line 2: block 'include'"},
      {"{{ x | wordwrap }}", "filter 'wordwrap'"},
      {"{{ x is blue }}", "test 'blue'"},
      {"{% for a in x recursive %}{% endfor %}", "recursive"},
      {"{{ f(*x) }}", "an argument with '*'"},
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

TEST(ChatTemplateTest, HostileTemplatesEndWithAReason) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "nests beyond"},
      {"{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(0) }}", "nests beyond"},
      {"{% set ns = namespace(x=[]) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor "
       "%}",
       "nest beyond"},
      {"{{ 'x' * 99999999999 }}", "4 MiB"},
      {"{{ [1] * 99999999999 }}", "items"},
      {"{{ range(99999999999) | list }}", "items"},
      {"{{ '%99999999d' % 1 }}", ""},
      {"{{ '{:99999999}'.format(1) }}", ""},
      {"{{ 9 ** 99 }}", "out of range"},
      {"{{ 9223372036854775807 + 1 }}", "out of range"},
      {"{{ -9223372036854775807 - 1 - 1 }}", "out of range"},
      {"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps"},
      {"{{ ['a'] | map('indent', 99999999) | list }}", "1000"},
      {"{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "no text"},
      {"{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me | tojson }}", ""},
      {"{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s | replace('x', "
       "'xx') %}{% endfor %}",
       "steps"},
  };
  for (const auto& [source, wanted] : cases) {
    const absl::Status status = Render(source, {}).status();
    EXPECT_FALSE(status.ok()) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr(wanted)) << source;
  }
}

TEST(ChatTemplateTest, InputsThatAreNoJsonAreNamed) {
  const std::string source = "{{ messages }}{{ tools }}";
  EXPECT_THAT(std::string(Render(source, {.messages = {{"user", "x", "[1]"}}}).status().message()),
              HasSubstr("messages[0].fields: is not a JSON object"));
  EXPECT_THAT(std::string(Render(source, {.tools = "{"}).status().message()), HasSubstr("tools"));
  EXPECT_THAT(std::string(Render(source, {.tools = "{}"}).status().message()),
              HasSubstr("tools: is not a JSON list"));
  EXPECT_THAT(std::string(Render(source, {.variables = "3"}).status().message()),
              HasSubstr("variables: is not a JSON object"));
}

// A role of the service is checked; it must not come in by another door.
TEST(ChatTemplateTest, FieldsCannotReplaceWhatIsGivenApart) {
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
  EXPECT_EQ(*Render(sum + " }}", {}), "100001");  // Flat: no deeper than one sum.
  EXPECT_FALSE(ChatTemplate::Parse(parts + " }}").ok());
}

TEST(ChatTemplateTest, UndefinedValuesThatAreUsedAreErrors) {
  EXPECT_EQ(Render("{{ nobody.name }}", {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Render("{{ 1 + 'a' }}", {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Render("{{ 5 % 0 }}", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::engine
