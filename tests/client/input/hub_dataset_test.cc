// Data sets in the caches of huggingface_hub and `datasets`, made as those libraries lay them out.
#include "client/input/hub_dataset.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::client {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

class HubDatasetTest : public ::testing::Test {
 protected:
  HubDatasetTest()
      : root_(fs::path(::testing::TempDir()) /
              ("assay_hub_" + std::to_string(::getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        caches_{.hub = (root_ / "hub").string(), .datasets = (root_ / "datasets").string()} {}
  ~HubDatasetTest() override { fs::remove_all(root_); }

  void Write(const fs::path& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  // Adds a file of a snapshot as huggingface_hub does: a link to a blob.
  void AddToHub(const std::string& repo, const std::string& file, const std::string& text = "x") {
    const fs::path folder = fs::path("hub") / repo;
    Write(folder / "refs/main", kCommit);
    const std::string blob = std::to_string(++blobs_);
    Write(folder / "blobs" / blob, text);
    const fs::path link = root_ / folder / "snapshots" / kCommit / file;
    fs::create_directories(link.parent_path());
    fs::create_symlink(root_ / folder / "blobs" / blob, link);
  }

  DatasetFiles Find(const std::string& reference) {
    const auto files = FindDataset(reference, caches_);
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? *files : DatasetFiles{};
  }
  std::string Error(const std::string& reference) {
    return std::string(FindDataset(reference, caches_).status().message());
  }

  const fs::path root_;
  const DatasetCaches caches_;
  int blobs_ = 0;
};

TEST_F(HubDatasetTest, MissingDataSetSaysHowToDownloadIt) {
  EXPECT_EQ(FindDataset("hf:openai/gsm8k:test", caches_).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(Error("hf:openai/gsm8k:test"),
              HasSubstr("Download it first: hf download --repo-type dataset openai/gsm8k"));
  EXPECT_THAT(Error("hf:openai/gsm8k@v2"), HasSubstr("openai/gsm8k --revision v2"));
  for (const char* wrong : {"hf:", "hf:../x", "hf:a/b/c/d", "hf:a/b:", "hf:a/b@../x", "hf:a//b"}) {
    EXPECT_EQ(FindDataset(wrong, caches_).status().code(), absl::StatusCode::kInvalidArgument)
        << wrong;
  }
}

TEST_F(HubDatasetTest, SplitsAreThoseOfTheFileNames) {
  AddToHub("datasets--org--name", "data/train-00000-of-00002.parquet");
  AddToHub("datasets--org--name", "data/train-00001-of-00002.parquet");
  AddToHub("datasets--org--name", "data/test-00000-of-00001.parquet");
  AddToHub("datasets--org--name", "LICENSE.txt");
  const DatasetFiles train = Find("hf:org/name:train");
  EXPECT_THAT(train.paths, ElementsAre(EndsWith("data/train-00000-of-00002.parquet"),
                                       EndsWith("data/train-00001-of-00002.parquet")));
  EXPECT_EQ(train.name, std::string("hf:org/name@") + kCommit + ":train");
  // The name that was found names the same files.
  EXPECT_EQ(Find(train.name).paths, train.paths);
  EXPECT_THAT(Error("hf:org/name"), HasSubstr("has the splits test, train; name one"));
  EXPECT_THAT(Error("hf:org/name:dev"), HasSubstr("has no split dev in the cache; it has test, "));
}

TEST_F(HubDatasetTest, IncompleteSplitIsAnError) {
  AddToHub("datasets--org--name", "data/train-00001-of-00003.parquet");
  EXPECT_THAT(Error("hf:org/name"), HasSubstr("only 1 of 3 files are in the cache"));
}

TEST_F(HubDatasetTest, MetadataOfTheReadmeNamesConfigsAndSplits) {
  AddToHub("datasets--org--name", "README.md",
           "---\nlicense: mit\nconfigs:\n- config_name: main\n  data_files:\n"
           "  - split: train\n    path: main/train-*\n  - split: test\n    path: main/test-*\n"
           "- config_name: socratic\n  data_files: socratic/*.jsonl\n---\n# Name\n");
  AddToHub("datasets--org--name", "main/train-00000-of-00001.parquet");
  AddToHub("datasets--org--name", "main/test-00000-of-00001.parquet");
  AddToHub("datasets--org--name", "socratic/dev.jsonl");
  EXPECT_THAT(Find("hf:org/name/main:test").paths,
              ElementsAre(EndsWith("main/test-00000-of-00001.parquet")));
  EXPECT_THAT(Find("hf:org/name/socratic").paths, ElementsAre(EndsWith("socratic/dev.jsonl")));
  EXPECT_THAT(Find("hf:org/name/socratic").name, EndsWith(":validation"));
  EXPECT_THAT(Error("hf:org/name:test"), HasSubstr("give one of main, socratic"));
  EXPECT_THAT(Error("hf:org/name/other:test"), HasSubstr("has no such config"));
}

TEST_F(HubDatasetTest, DataSetWithoutOwnerAndWithFoldersForSplits) {
  AddToHub("datasets--tiny", "validation/a.csv");
  AddToHub("datasets--tiny", "validation/b.csv");
  EXPECT_THAT(Find("hf:tiny").paths, ElementsAre(EndsWith("a.csv"), EndsWith("b.csv")));
  AddToHub("datasets--script", "script.py");
  EXPECT_THAT(Error("hf:script"), HasSubstr("the cache has no .parquet"));
}

TEST_F(HubDatasetTest, PreparedDataSetsAreFound) {
  const std::string folder = "datasets/org___flying_things/default/0.0.0/" + std::string(kCommit);
  Write(folder + "/flying_things-train-00000-of-00002.arrow", "x");
  Write(folder + "/flying_things-train-00001-of-00002.arrow", "x");
  Write(folder + "/flying_things-test.arrow", "x");
  Write(folder + "/cache-1234.arrow", "x");
  Write(folder + "/dataset_info.json", "{}");
  const DatasetFiles train = Find("hf:org/FlyingThings:train");
  EXPECT_EQ(train.paths.size(), 2U);
  EXPECT_EQ(train.name, std::string("hf:org/FlyingThings/default@") + kCommit + ":train");
  EXPECT_THAT(Find("hf:org/FlyingThings:test").paths, ElementsAre(EndsWith("things-test.arrow")));
  EXPECT_EQ(FindDataset("hf:org/FlyingThings@other:test", caches_).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay::client
