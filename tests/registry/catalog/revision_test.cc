// Tests of revisions.
#include "registry/catalog/revision.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

class RevisionTest : public testing::Test {
 protected:
  RevisionTest() {
    folder_ = fs::path(testing::TempDir()) / absl::StrCat("revision_test.", getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "model");
    entry_.id = "a";
    entry_.path = (folder_ / "model").string();
    Write("model.safetensors", std::string(300'000, 'w'));
    Write("config.json", "{}");
  }
  ~RevisionTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / "model" / name, std::ios::binary) << bytes;
  }
  std::string Current() { return Revisions("", "cpu").Of(entry_); }

  fs::path folder_;
  ModelEntry entry_;
};

// The digests were computed with Python: the first 12 digits of sha256 over "name\nsize\n",
// data[:65536] and data[-65536:] of each file, in the order of the names.
TEST_F(RevisionTest, TheRevisionOfAFileIsTheDigestOfItsEdges) {
  entry_.path = (folder_ / "model" / "config.json").string();
  EXPECT_EQ(Current(), "sha256:4c46a78b12fb");
  entry_.path = (folder_ / "model").string();
  EXPECT_EQ(Current(), "sha256:e0b3c8219b67");
}

TEST_F(RevisionTest, ChangesOnlyWithFilesThatAreLoaded) {
  const std::string before = Current();
  Write("README.md", "more");
  EXPECT_EQ(Current(), before);
  Write("config.json", R"({"a": 1})");
  const std::string configured = Current();
  EXPECT_NE(configured, before);
  std::string weights(300'000, 'w');
  weights.back() = 'x';
  Write("model.safetensors", weights);
  EXPECT_NE(Current(), configured);
  fs::rename(folder_ / "model/config.json", folder_ / "model/tokenizer.json");
  EXPECT_NE(Current(), configured);
}

TEST_F(RevisionTest, CoversAllPartsOfASplitFile) {
  Write("m-00001-of-00002.gguf", "first");
  Write("m-00002-of-00002.gguf", "second");
  entry_.path = (folder_ / "model" / "m-00001-of-00002.gguf").string();
  const std::string before = Current();
  EXPECT_THAT(before, testing::StartsWith("sha256:"));
  Write("m-00002-of-00002.gguf", "changed");
  EXPECT_NE(Current(), before);
  fs::remove(folder_ / "model" / "m-00002-of-00002.gguf");
  EXPECT_EQ(Current(), "");
}

TEST_F(RevisionTest, ContainsSettingsThatChangeTheOutput) {
  const std::string plain = Current();
  entry_.context_length = 512;
  entry_.cache_tokens = 512;
  entry_.device = "cpu";
  EXPECT_EQ(Current(), plain);
  entry_.weights = "int8";
  EXPECT_EQ(Current(), plain + "/weights=int8");
  entry_.kv_cache = "int8";
  entry_.dtype = "float32";
  entry_.device = "cuda:1";
  EXPECT_EQ(Current(), plain + "/dtype=float32/weights=int8/kv_cache=int8/cuda");
  entry_.device = "auto";
  EXPECT_EQ(Revisions("", "mps").Of(entry_),
            plain + "/dtype=float32/weights=int8/kv_cache=int8/mps");
}

TEST_F(RevisionTest, TheRevisionOfARepositoryIsItsCommit) {
  const fs::path repo = folder_ / "models--org--name";
  fs::create_directories(repo / "refs");
  fs::create_directories(repo / "snapshots" / kCommit);
  std::ofstream(repo / "refs" / "main") << kCommit;
  std::ofstream(repo / "snapshots" / kCommit / "m.gguf") << "weights";
  for (const char* file : {"config.json", "model.safetensors", "tokenizer.json"}) {
    std::ofstream(repo / "snapshots" / kCommit / file) << "{}";
  }
  entry_.hub = HubSource{.repo = "org/name", .revision = "main"};
  EXPECT_EQ(Revisions(folder_.string(), "cpu").Of(entry_), "0123456789ab");
  entry_.hub->file = "m.gguf";
  EXPECT_EQ(Revisions(folder_.string(), "cpu").Of(entry_), "0123456789ab:m.gguf");
}

TEST_F(RevisionTest, UnreadableFilesHaveNoRevision) {
  entry_.path = (folder_ / "none").string();
  EXPECT_EQ(Current(), "");
  fs::create_directories(folder_ / "empty");
  entry_.path = (folder_ / "empty").string();
  EXPECT_EQ(Current(), "");
  fs::create_directories(folder_ / "model" / "odd.json");
  entry_.path = (folder_ / "model").string();
  EXPECT_EQ(Current(), "");
}

TEST_F(RevisionTest, LooksUpAgainOnlyAfterFreshFor) {
  Revisions fresh("", "cpu", absl::Hours(1));
  Revisions old("", "cpu", absl::ZeroDuration());
  const std::string before = fresh.Of(entry_);
  EXPECT_EQ(old.Of(entry_), before);
  Write("config.json", R"({"a": 1})");
  EXPECT_EQ(fresh.Of(entry_), before);
  EXPECT_NE(old.Of(entry_), before);
}

}  // namespace
}  // namespace assay::registry
