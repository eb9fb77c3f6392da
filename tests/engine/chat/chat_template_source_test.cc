// Where chat templates are found in a model's files.
#include "engine/chat/chat_template_source.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/file_fixture.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ChatTemplateSourceTest : public FileTest {
 protected:
  // Returns the templates as "NAME=SOURCE".
  std::vector<std::string> Read() const {
    const auto templates = ReadFolderChatTemplates(folder_);
    EXPECT_TRUE(templates.ok()) << templates.status();
    std::vector<std::string> out;
    if (!templates.ok()) return out;
    for (const auto& [name, source] : *templates) out.push_back(absl::StrCat(name, "=", source));
    return out;
  }
};

TEST_F(ChatTemplateSourceTest, TheTemplateFilePrecedesTheConfigs) {
  Write("tokenizer_config.json", R"({"chat_template": "config"})");
  EXPECT_THAT(Read(), ElementsAre("default=config"));
  Write("chat_template.json", R"({"chat_template": "json"})");
  EXPECT_THAT(Read(), ElementsAre("default=json"));
  Write("chat_template.jinja", "jinja");
  EXPECT_THAT(Read(), ElementsAre("default=jinja"));
}

TEST_F(ChatTemplateSourceTest, AListHasNamedTemplates) {
  Write("tokenizer_config.json", R"({"chat_template": [{"name": "tool_use", "template": "a"},
                                                       {"name": "default", "template": "b"},
                                                       {"name": "tool_use", "template": "c"}]})");
  EXPECT_THAT(Read(), ElementsAre("default=b", "tool_use=c"));
}

TEST_F(ChatTemplateSourceTest, AFolderHasFurtherTemplates) {
  Write("tokenizer_config.json", R"({"chat_template": "config"})");
  std::filesystem::create_directory(folder_ + "/additional_chat_templates");
  Write("additional_chat_templates/tool_use.jinja", "tools");
  Write("additional_chat_templates/notes.txt", "no template");
  // transformers does not read the configuration then.
  EXPECT_THAT(Read(), ElementsAre("tool_use=tools"));
  Write("chat_template.jinja", "jinja");
  EXPECT_THAT(Read(), ElementsAre("default=jinja", "tool_use=tools"));
}

TEST_F(ChatTemplateSourceTest, AbsentAndDamagedTemplatesAreDistinguished) {
  Write("tokenizer_config.json", "{}");
  EXPECT_THAT(Read(), IsEmpty());
  Write("tokenizer_config.json", R"({"chat_template": 3})");
  const absl::Status number = ReadFolderChatTemplates(folder_).status();
  EXPECT_EQ(number.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(number.message()),
              HasSubstr("tokenizer_config.json: chat_template is 3"));
  Write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  const absl::Status incomplete = ReadFolderChatTemplates(folder_).status();
  EXPECT_EQ(incomplete.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(incomplete.message()), HasSubstr("chat_template[0] is"));
}

}  // namespace
}  // namespace assay::engine
