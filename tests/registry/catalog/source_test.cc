// Tests of resolving sources in a Hub cache with the layout of huggingface_hub.
#include "registry/catalog/source.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

class SourceTest : public testing::Test {
 protected:
  void SetUp() override {
    // ctest runs several processes of this binary at the same time.
    cache_ = fs::path(testing::TempDir()) / absl::StrCat("hub_cache_test.", getpid());
    fs::remove_all(cache_);
    repo_ = cache_ / "models--org--name";
    fs::create_directories(repo_ / "blobs");
    fs::create_directories(repo_ / "refs");
    fs::create_directories(repo_ / "snapshots" / kCommit);
    std::ofstream(repo_ / "blobs" / "abc") << "weights";
    std::ofstream(repo_ / "refs" / "main") << kCommit;
    fs::create_symlink("../../blobs/abc", repo_ / "snapshots" / kCommit / "m.gguf");
    entry_.hub = HubSource{.repo = "org/name", .revision = "main", .file = "m.gguf"};
  }
  void TearDown() override { fs::remove_all(cache_); }

  // Creates the files of a whole model, each a link to a blob.
  void PutModel(const std::vector<std::string>& files) {
    entry_.hub->file = "";
    const fs::path snapshot = repo_ / "snapshots" / kCommit;
    fs::remove(snapshot / "m.gguf");
    for (const std::string& file : files) fs::create_symlink("../../blobs/abc", snapshot / file);
  }
  void PutIndex(const std::string& weight_map) {
    std::ofstream(repo_ / "snapshots" / kCommit / "model.safetensors.index.json")
        << R"({"weight_map": )" << weight_map << "}";
  }

  absl::StatusOr<std::string> Resolve() { return ResolveSource(entry_, cache_.string()); }

  fs::path cache_;
  fs::path repo_;
  ModelEntry entry_;
};

TEST_F(SourceTest, ResolvesBranchAndCommitToTheSnapshot) {
  const std::string expected = (repo_ / "snapshots" / kCommit / "m.gguf").string();
  ASSERT_TRUE(Resolve().ok()) << Resolve().status();
  EXPECT_EQ(*Resolve(), expected);
  entry_.hub->revision = kCommit;
  EXPECT_EQ(*Resolve(), expected);
}

TEST_F(SourceTest, AMissingFileNamesTheCommandThatDownloadsIt) {
  entry_.hub->file = "other.gguf";
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Resolve().status().message()),
              HasSubstr("hf download org/name other.gguf --revision main"));
  entry_.hub->revision = "v9";
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SourceTest, ALinkOutOfTheCacheIsRefused) {
  fs::create_symlink("/proc/self/exe", repo_ / "snapshots" / kCommit / "evil.gguf");
  entry_.hub->file = "evil.gguf";
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SourceTest, BlobsMayBeSharedWithOtherRepositories) {
  fs::create_directories(cache_ / "blobs/ab");
  std::ofstream(cache_ / "blobs/ab/abcd") << "weights";
  fs::create_symlink("../../blobs/ab/abcd", repo_ / "blobs" / "shared");
  fs::create_symlink("../../blobs/shared", repo_ / "snapshots" / kCommit / "shared.gguf");
  entry_.hub->file = "shared.gguf";
  EXPECT_TRUE(Resolve().ok()) << Resolve().status();
}

TEST_F(SourceTest, ADamagedRefIsNotFound) {
  std::ofstream(repo_ / "refs" / "main") << "../../../etc";
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SourceTest, ResolvesAWholeRepositoryToItsSnapshot) {
  PutModel({"config.json", "model.safetensors", "tokenizer.json"});
  ASSERT_TRUE(Resolve().ok()) << Resolve().status();
  EXPECT_EQ(fs::path(*Resolve()).lexically_normal(),
            (repo_ / "snapshots" / kCommit).lexically_normal());
  entry_.hub->repo = "org/other";
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Resolve().status().message()), HasSubstr("hf download org/other"));
}

TEST_F(SourceTest, AnIncompleteSnapshotIsNotFound) {
  PutModel({"config.json", "tokenizer.json"});
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kNotFound);
  // One of two shards, in an order in which huggingface_hub may download them.
  PutIndex(R"({"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"})");
  PutModel({"model-00001-of-00002.safetensors"});
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Resolve().status().message()), HasSubstr("is not complete"));
  PutModel({"model-00002-of-00002.safetensors"});
  EXPECT_TRUE(Resolve().ok()) << Resolve().status();
  fs::remove(repo_ / "snapshots" / kCommit / "tokenizer.json");
  EXPECT_THAT(std::string(Resolve().status().message()), HasSubstr("has no tokenizer"));
}

TEST_F(SourceTest, ALinkOutOfTheCacheWithinAModelIsRefused) {
  for (const char* file : {"config.json", "model.safetensors", "tokenizer.json"}) {
    SCOPED_TRACE(file);
    const fs::path snapshot = repo_ / "snapshots" / kCommit;
    fs::remove_all(snapshot);
    fs::create_directory(snapshot);
    PutModel({"config.json", "model.safetensors", "tokenizer.json"});
    fs::remove(snapshot / file);
    fs::create_symlink("/proc/self/exe", snapshot / file);
    EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(Resolve().status().message()), HasSubstr(file));
  }
}

TEST_F(SourceTest, ASnapshotThatIsALinkOutOfTheCacheIsRefused) {
  const fs::path snapshot = repo_ / "snapshots" / kCommit;
  entry_.hub->file = "";
  fs::remove_all(snapshot);
  fs::create_directory_symlink("/proc/self", snapshot);
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SourceTest, AnotherFormatIsRefused) {
  entry_.format = "safetensors";
  EXPECT_EQ(Resolve().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Resolve().status().message()), HasSubstr("format: is safetensors"));
  PutModel({"config.json", "model.safetensors", "tokenizer.json"});
  EXPECT_TRUE(Resolve().ok());
  entry_.format = "gguf";
  EXPECT_THAT(std::string(Resolve().status().message()), HasSubstr("is a folder"));
}

TEST_F(SourceTest, AMissingLocalFileNamesItsPath) {
  ModelEntry entry;
  entry.path = "/nonexistent/m.gguf";
  const absl::Status status = ResolveSource(entry, "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent/m.gguf"));
}

}  // namespace
}  // namespace assay::registry
