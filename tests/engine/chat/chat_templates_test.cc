// Which of a model's templates renders a conversation.
#include "engine/chat/chat_templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

using Sources = std::vector<NamedTemplate>;

// Returns the name of the template that is chosen, or the error.
std::string Choice(const ChatTemplates& templates, const std::string& name, bool has_tools) {
  const auto chosen = templates.Choose(name, has_tools, "m");
  return chosen.ok() ? (*chosen)->name : chosen.status().ToString();
}

TEST(ChatTemplatesTest, ToolsChooseToolUse) {
  const ChatTemplates templates(Sources{{"default", "a"}, {"rag", "b"}, {"tool_use", "c"}});
  EXPECT_EQ(Choice(templates, "", false), "default");
  EXPECT_EQ(Choice(templates, "", true), "tool_use");
  EXPECT_EQ(Choice(templates, "rag", true), "rag");
  EXPECT_THAT(Choice(templates, "raq", false), HasSubstr("INVALID_ARGUMENT: model m has no chat "
                                                         "template named 'raq'"));
  EXPECT_EQ(Choice(ChatTemplates(Sources{{"default", "a"}}), "", true), "default");
}

TEST(ChatTemplatesTest, WithoutADefaultTheCallerMustName) {
  const ChatTemplates templates(Sources{{"rag", "b"}, {"tool_use", "c"}});
  EXPECT_EQ(Choice(templates, "", true), "tool_use");
  EXPECT_THAT(Choice(templates, "", false), HasSubstr("chat_template: rag, tool_use"));
  EXPECT_TRUE(templates.status().ok());
  EXPECT_FALSE(templates.empty());
}

TEST(ChatTemplatesTest, ATemplateThatCannotBeUsedDoesNotSpoilTheOthers) {
  const ChatTemplates templates(Sources{{"default", "{{ x"}, {"rag", "b"}});
  EXPECT_THAT(Choice(templates, "", false), HasSubstr("FAILED_PRECONDITION: the chat template"));
  EXPECT_EQ(Choice(templates, "rag", false), "rag");
  EXPECT_TRUE(templates.status().ok());
  EXPECT_THAT(Choice(ChatTemplates(Sources{{"default", "\xFF"}}), "", false), HasSubstr("UTF-8"));
  const ChatTemplates damaged(absl::DataLossError("tokenizer_config.json: is damaged"));
  EXPECT_THAT(Choice(damaged, "", false), HasSubstr("FAILED_PRECONDITION"));
  EXPECT_THAT(Choice(damaged, "", false), HasSubstr("is damaged"));
  EXPECT_FALSE(damaged.empty());
}

}  // namespace
}  // namespace assay::engine
