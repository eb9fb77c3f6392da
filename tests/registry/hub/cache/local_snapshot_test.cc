// Tests of the completeness of a snapshot.
#include "registry/hub/cache/local_snapshot.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "registry/hub/cache/cache.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

class LocalSnapshotTest : public testing::Test {
 protected:
  LocalSnapshotTest() {
    fs::remove_all(cache_);
    fs::create_directories(Folder());
  }
  ~LocalSnapshotTest() override { fs::remove_all(cache_); }
  fs::path Folder() const { return cache_ / "models--org--model/snapshots" / kCommit; }
  LocalState State() const { return InspectSnapshot(HubCache(cache_, "org/model"), kCommit, ""); }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Folder() / name) << text;
  }

  static constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";
  const fs::path cache_ = fs::path(testing::TempDir()) / absl::StrCat("hub_snapshot.", getpid());
};

TEST_F(LocalSnapshotTest, TheIndexListsTheWeights) {
  Write("config.json", "{}");
  Write("model.safetensors.index.json",
        R"({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})");
  Write("model-1.safetensors", "x");
  EXPECT_EQ(State(), LocalState::kIncomplete);
  Write("model-2.safetensors", "x");
  EXPECT_EQ(State(), LocalState::kWithoutTokenizer);
  Write("tokenizer.json", "{}");
  EXPECT_EQ(State(), LocalState::kComplete);
}

TEST_F(LocalSnapshotTest, AHostileIndexIsIncomplete) {
  Write("config.json", "{}");
  for (const char* index : {"", "[", "[]", "{}", R"({"weight_map": 7})", R"({"weight_map": {}})",
                            R"({"weight_map": {"a": 1}})",
                            R"({"weight_map": {"a": "../../../../../../../../etc/passwd"}})"}) {
    Write("model.safetensors.index.json", index);
    EXPECT_EQ(State(), LocalState::kIncomplete) << index;
  }
}

}  // namespace
}  // namespace assay::registry
