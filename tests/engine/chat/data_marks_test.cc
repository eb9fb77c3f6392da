// What a caller writes stays data in a rendered prompt.
#include "engine/chat/data_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/utf8.h"
#include "engine/chat/chat_template.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Guards "<s>" everywhere and "<t>" outside the messages of the model.
std::vector<TextRange> Guard(std::string_view text, bool by_model) {
  std::vector<TextRange> ranges;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<s>") || (rest.starts_with("<t>") && !by_model)) {
      ranges.push_back({at, at + 3});
    }
  }
  if (text.ends_with("<")) ranges.push_back({text.size(), text.size()});
  return ranges;
}

RenderedPrompt Render(const std::string& source, ChatTemplateInputs inputs) {
  inputs.guard = Guard;
  const auto parsed = ChatTemplate::Parse(source);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  const auto prompt = (*parsed)->Render(inputs);
  EXPECT_TRUE(prompt.ok()) << prompt.status();
  return prompt.ok() ? *prompt : RenderedPrompt();
}

TEST(DataMarksTest, SpellingsInMessagesAreFencedAndThoseOfTheTemplateAreNot) {
  const RenderedPrompt prompt =
      Render("<s>{{ messages[0].content }}<s>", {.messages = {{"user", "a<s>"}}});
  EXPECT_EQ(prompt.text, "<s>a<s><s>");
  EXPECT_THAT(prompt.barriers, ElementsAre(4, 4, 5, 5, 6, 6, 7));
}

TEST(DataMarksTest, MostPromptsHaveNoBarriers) {
  const RenderedPrompt prompt =
      Render("<s>{{ messages[0].content }}", {.messages = {{"user", "a < b"}}});
  EXPECT_EQ(prompt.text, "<s>a < b");
  EXPECT_THAT(prompt.barriers, IsEmpty());
}

TEST(DataMarksTest, OpenEndsAreFenced) {
  const RenderedPrompt prompt =
      Render("{{ messages[0].content }}s>", {.messages = {{"user", "a<"}}});
  EXPECT_EQ(prompt.text, "a<s>");
  EXPECT_THAT(prompt.barriers, ElementsAre(2));
}

// A regression test: the template's token was taken for data, because two marks stood before it.
TEST(DataMarksTest, ASpellingThatEndsLikeABeginningLeavesTheNextTokenAlone) {
  const auto parsed = ChatTemplate::Parse("{{ messages[0].content }}{{ messages[0].name }}<s>");
  const auto guard = [](std::string_view text, bool) {
    if (text != "ab" && text != "c") return std::vector<TextRange>();
    return std::vector<TextRange>{{0, text.size()}, {text.size(), text.size()}};
  };
  const auto prompt =
      (*parsed)->Render({.messages = {{"user", "ab", R"({"name": "c"})"}}, .guard = guard});
  ASSERT_TRUE(prompt.ok()) << prompt.status();
  EXPECT_THAT(prompt->barriers, ElementsAre(0, 0, 1, 1, 2, 2, 3));
}

TEST(DataMarksTest, EveryFieldIsData) {
  const RenderedPrompt prompt = Render(
      "{{ messages[0].name }}{{ messages[0].tool_calls[0].function }}{{ tools | tojson }}"
      "{{ documents[0].text }}{{ date }}",
      {.messages = {{"user", "x", R"({"name": "<s>", "tool_calls": [{"function": "<s>"}]})"}},
       .tools = R"([{"<s>": "<t>"}])",
       .variables = R"({"documents": [{"text": "\u003cs>"}], "date": "<s>"})"});
  EXPECT_EQ(prompt.text, R"(<s><s>[{"<s>": "<t>"}]<s><s>)");
  // Seven barriers each; two pairs of spellings share the one between them.
  EXPECT_EQ(prompt.barriers.size(), 6 * 7 - 2);
}

TEST(DataMarksTest, TheModelsOwnTextIsFencedLess) {
  const std::string source = "{% for m in messages %}{{ m.content }}{% endfor %}";
  EXPECT_THAT(Render(source, {.messages = {{"assistant", "<t>"}}}).barriers, IsEmpty());
  EXPECT_EQ(Render(source, {.messages = {{"tool", "<t>"}}}).barriers.size(), 7);
}

TEST(DataMarksTest, TemplatesFindAndSplitBySpellings) {
  const RenderedPrompt prompt = Render(
      "{% set c = messages[0].content %}{% if '<s>' in c %}{{ c.split('<s>')[1] }}<s>"
      "{{ c.split('<s>')[0] }}{% endif %}",
      {.messages = {{"user", "left<s>right"}}});
  // The template's own spelling stands between the two marks, but not exactly.
  EXPECT_EQ(prompt.text, "right<s>left");
  EXPECT_THAT(prompt.barriers, ElementsAre(0, 12));
}

TEST(DataMarksTest, TextsMayContainNoncharacters) {
  const RenderedPrompt prompt =
      Render("{{ messages[0].content }}", {.messages = {{"user", "\xEF\xB7\x90<s>\xEF\xB7\x91"}}});
  EXPECT_EQ(prompt.text, "\xEF\xB7\x90<s>\xEF\xB7\x91");
  EXPECT_EQ(prompt.barriers.size(), 7);
  std::string all = "<s>";
  for (uint32_t point = 0xFDD0; point <= 0xFDEF; ++point) AppendUtf8(point, &all);
  const auto parsed = ChatTemplate::Parse("{{ messages[0].content }}");
  const absl::Status refused =
      (*parsed)->Render({.messages = {{"user", all}}, .guard = Guard}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::engine
