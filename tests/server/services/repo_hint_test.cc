// Hints for callers who give the id of a repository.
#include "server/services/repo_hint.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/catalog.h"

namespace assay::server {
namespace {

using testing::HasSubstr;

class RepoHintTest : public testing::Test {
 protected:
  std::string Hint(const std::string& text) const { return RepoHint(*catalog_, text); }

  const absl::StatusOr<registry::Catalog> catalog_ = registry::ParseCatalog(
      "builtin: false\n"
      "models:\n"
      "- {id: whole, source: {repo: org/Model}}\n"
      "- {id: file, source: {repo: org/Model, revision: v1, file: a/q4.gguf}}\n",
      "/m/models.yaml");
};

TEST_F(RepoHintTest, NamesTheEntryOfTheRepository) {
  EXPECT_THAT(Hint("org/Model"), HasSubstr("is 'whole'"));
  EXPECT_THAT(Hint("https://huggingface.co/org/Model"), HasSubstr("is 'whole'"));
  EXPECT_THAT(Hint("org/Model@v1:a/q4.gguf"), HasSubstr("is 'file'"));
}

// The proposed entry must parse as a catalog and have the given repository.
TEST_F(RepoHintTest, ProposedEntryIsAValidCatalogEntry) {
  for (const std::string text : {"org/Other", "org/Model@refs/pr/3", "org/Model:q8.gguf",
                                 "1org/2.5-Model@1e5", "org/Other@no"}) {
    const std::string hint = Hint(text);
    const size_t begin = hint.find('`') + 1;
    const std::string entry = hint.substr(begin, hint.find('`', begin) - begin);
    const absl::StatusOr<registry::Catalog> read =
        registry::ParseCatalog(absl::StrCat("builtin: false\nmodels:\n", entry), "/m/models.yaml");
    ASSERT_TRUE(read.ok()) << text << ": " << hint << "\n" << read.status();
    EXPECT_THAT(hint, HasSubstr(absl::StrCat("assay pull ", read->models[0].id)));
    EXPECT_EQ(read->models[0].hub->repo, text.substr(0, text.find_first_of("@:")));
  }
  EXPECT_THAT(Hint("org/Other@refs/pr/3"), HasSubstr("revision: 'refs/pr/3'"));
  EXPECT_THAT(Hint("1org/2.5-Model@1e5"), HasSubstr("id: 2_5_model, source: { repo: '1org"));
}

TEST_F(RepoHintTest, OtherTextHasNoHint) {
  for (const std::string text :
       {"", "whole", "bloom_560m", "../etc", "org/..", "a/b/c", "org/na`me", "org/x@../y",
        "org/x:../y", "org/x\n", "/models/x", "org/x:model q4.gguf", "org/x@it's"}) {
    EXPECT_EQ(Hint(text), "") << text;
  }
}

}  // namespace
}  // namespace assay::server
