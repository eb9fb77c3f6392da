// Tests of the folder of models next to models.yaml.
#include "registry/catalog/models_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class ModelsFolderTest : public testing::Test {
 protected:
  ModelsFolderTest()
      : root_(fs::temp_directory_path() / absl::StrCat("models_folder_test.", getpid())),
        folder_(root_ / "models.d") {
    fs::create_directories(folder_);
    Write(root_ / "models.yaml",
          "builtin: false\nmodels_dir: models.d\nmodels:\n- {id: first, source: {file: f.gguf}}\n");
  }
  ~ModelsFolderTest() override { fs::remove_all(root_); }

  static void Write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  absl::StatusOr<Catalog> Load() const { return LoadCatalog(root_ / "models.yaml"); }
  std::string Error() const { return std::string(Load().status().message()); }

  const fs::path root_;
  const fs::path folder_;
};

TEST_F(ModelsFolderTest, AddsListsThenFilesAndFoldersInOrderOfTheirNames) {
  Write(folder_ / "20.yaml", "models: [{id: later, source: {file: x.gguf}}]");
  Write(folder_ / "10.yml", "models: [{id: earlier, source: {repo: org/name}}]");
  Write(folder_ / "Llama 3.2 (Q4).gguf", "GGUF");
  Write(folder_ / "x.gguf", "GGUF");
  Write(folder_ / "split-00001-of-00002.gguf", "GGUF");
  Write(folder_ / "split-00002-of-00002.gguf", "GGUF");
  Write(folder_ / "my_model/config.json", "{}");
  Write(folder_ / "my_model/model-00001-of-00002.safetensors", "");
  Write(folder_ / "pickled/config.json", "{}");
  Write(folder_ / "pickled/pytorch_model.bin", "");
  Write(folder_ / "notes/readme.txt", "no model");
  Write(folder_ / ".hidden.gguf", "GGUF");
  const absl::StatusOr<Catalog> catalog = Load();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT(catalog->Ids(), ElementsAre("first", "earlier", "later", "llama-3.2--q4-", "my_model",
                                          "split-00001-of-00002"));
  EXPECT_EQ(catalog->Find("later")->path, (folder_ / "x.gguf").string());
}

TEST_F(ModelsFolderTest, ErrorsNameFileAndLine) {
  Write(folder_ / "a.yaml", "models:\n- id: first\n  source: {file: x.gguf}\n");
  EXPECT_THAT(Error(), HasSubstr(absl::StrCat("a.yaml:2: models[0].id: 'first' is duplicated, here "
                                              "and at ",
                                              (root_ / "models.yaml").string(), ":4")));
  Write(folder_ / "a.yaml", "models: []\ndefault_model: first\n");
  EXPECT_THAT(Error(), HasSubstr("a.yaml:2: default_model: unknown key"));
}

TEST_F(ModelsFolderTest, AnIdInUseIsRefusedWithBothLocations) {
  Write(folder_ / "FIRST.gguf", "GGUF");
  EXPECT_THAT(Error(), HasSubstr(absl::StrCat(
                           "FIRST.gguf: the id made from its name, 'first', is in use at ",
                           (root_ / "models.yaml").string(), ":4")));
  Write(root_ / "models.yaml", "builtin: false\nmodels_dir: models.d\n");
  Write(folder_ / "first.gguf", "GGUF");
  EXPECT_THAT(Error(), HasSubstr("is in use at "));
  EXPECT_THAT(Error(), HasSubstr((folder_ / "FIRST.gguf").string()));
}

TEST_F(ModelsFolderTest, AFileThatAnEntryNamesThroughALinkIsNotAddedAgain) {
  Write(folder_ / "first.gguf", "GGUF");
  fs::create_directory_symlink(root_, root_ / "link");
  Write(root_ / "models.yaml",
        "builtin: false\nmodels_dir: models.d\nmodels:\n"
        "- {id: first, source: {file: link/models.d/first.gguf}}\n");
  const absl::StatusOr<Catalog> catalog = Load();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT(catalog->Ids(), ElementsAre("first"));
}

// Regression: part 1 became a second model.
TEST_F(ModelsFolderTest, AModelWhoseLaterPartAnEntryNamesIsNotAddedAgain) {
  Write(folder_ / "split-00001-of-00002.gguf", "GGUF");
  Write(folder_ / "split-00002-of-00002.gguf", "GGUF");
  Write(root_ / "models.yaml",
        "builtin: false\nmodels_dir: models.d\nmodels:\n"
        "- {id: first, source: {file: models.d/split-00002-of-00002.gguf}}\n");
  const absl::StatusOr<Catalog> catalog = Load();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT(catalog->Ids(), ElementsAre("first"));
}

TEST_F(ModelsFolderTest, PipesAreNotRead) {
  ASSERT_EQ(mkfifo((folder_ / "a.yaml").c_str(), S_IRWXU), 0);
  ASSERT_EQ(mkfifo((folder_ / "b.gguf").c_str(), S_IRWXU), 0);
  const absl::StatusOr<Catalog> catalog = Load();
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT(catalog->Ids(), ElementsAre("first"));
}

TEST_F(ModelsFolderTest, MoreThanAThousandFilesAreRefused) {
  for (int i = 0; i <= 1000; ++i) Write(folder_ / absl::StrCat(i, ".txt"), "");
  EXPECT_THAT(Error(), HasSubstr("has more than 1000 files"));
}

TEST_F(ModelsFolderTest, ALinkOutOfTheFolderIsRefused) {
  fs::create_symlink("/proc/self/exe", folder_ / "m.gguf");
  EXPECT_THAT(Error(), HasSubstr("m.gguf: points out of the folder"));
}

TEST_F(ModelsFolderTest, ALinkOutOfTheFolderFromWithinAModelIsRefused) {
  Write(folder_ / "m/config.json", "{}");
  fs::create_symlink("/proc/self/exe", folder_ / "m/model.safetensors");
  EXPECT_THAT(Error(), HasSubstr("m/model.safetensors points out of"));
}

TEST_F(ModelsFolderTest, AMissingFolderIsNotFound) {
  fs::remove(folder_);
  const absl::Status status = Load().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("models_dir: no folder at"));
}

}  // namespace
}  // namespace assay::registry
