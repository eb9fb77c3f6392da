// Where chat templates are found in a model's files.
#include "engine/chat/chat_template_source.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/file_fixture.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

using ChatTemplateSourceTest = FileTest;

TEST_F(ChatTemplateSourceTest, TheTemplateFilePrecedesTheConfigs) {
  Write("tokenizer_config.json", R"({"chat_template": "config"})");
  EXPECT_EQ(*ReadFolderChatTemplate(folder_), "config");
  Write("chat_template.json", R"({"chat_template": "json"})");
  EXPECT_EQ(*ReadFolderChatTemplate(folder_), "json");
  Write("chat_template.jinja", "jinja");
  EXPECT_EQ(*ReadFolderChatTemplate(folder_), "jinja");
}

TEST_F(ChatTemplateSourceTest, OfSeveralTemplatesTheDefaultIsRead) {
  Write("tokenizer_config.json", R"({"chat_template": [{"name": "tools", "template": "a"},
                                                       {"name": "default", "template": "b"}]})");
  EXPECT_EQ(*ReadFolderChatTemplate(folder_), "b");
}

TEST_F(ChatTemplateSourceTest, AbsentAndDamagedTemplatesAreDistinguished) {
  Write("tokenizer_config.json", "{}");
  EXPECT_EQ(ReadFolderChatTemplate(folder_).status().code(), absl::StatusCode::kNotFound);
  Write("tokenizer_config.json", R"({"chat_template": 3})");
  const absl::Status status = ReadFolderChatTemplate(folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tokenizer_config.json: chat_template is"));
}

}  // namespace
}  // namespace assay::engine
