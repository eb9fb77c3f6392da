// The parts of a pull that need no server.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/hub/answer_errors.h"
#include "registry/hub/cache/content_hash.h"
#include "registry/hub/cache/local_snapshot.h"
#include "registry/hub/cache/names.h"
#include "registry/hub/options.h"
#include "registry/hub/progress.h"
#include "registry/hub/pull_control.h"
#include "registry/hub/retry.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(NamesTest, RepositoriesOfTheHubAreAccepted) {
  for (const char* repo : {"gpt2", "HuggingFaceTB/SmolLM2-135M-Instruct", "a/b.c_d-e", "_x/y",
                           "TheBloke/Llama-2-7B-GGUF", "0x/1"}) {
    EXPECT_TRUE(CheckRepoId(repo).ok()) << repo;
  }
  for (const char* repo :
       {"-a/b", "a/-b", "a/b.", "a/", "/b", "a//b", ".", "..", "a/b\n", "a/%2e"}) {
    EXPECT_FALSE(CheckRepoId(repo).ok()) << repo;
  }
}

TEST(NamesTest, MessagesShowNoControlCharacters) {
  EXPECT_EQ(QuotedForMessage("a\x1b[31m\n"), "'a?[31m?'");
  EXPECT_EQ(QuotedForMessage(std::string(1000, 'x')).size(), 205U);
}

// From `git hash-object` and `sha256sum`.
TEST(ContentHashTest, IsGitsAndSha256sums) {
  ContentHash empty("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", 0);
  EXPECT_EQ(empty.Digest(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  ContentHash hello("ce013625030ba8dba906f756967f9e9ca394464a", 6);
  hello.Update("hel");
  hello.Update("lo\n");
  EXPECT_EQ(hello.Digest(), "ce013625030ba8dba906f756967f9e9ca394464a");
  ContentHash lfs("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", 6);
  lfs.Update("wrong");
  lfs.Reset();
  lfs.Update("hello\n");
  EXPECT_EQ(lfs.Digest(), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
}

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    for (const char* name :
         {"HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME",
          "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HF_HUB_OFFLINE",
          "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "SSL_CERT_FILE"}) {
      unsetenv(name);
    }
    folder_ = fs::path(testing::TempDir()) / absl::StrCat("hub_options.", getpid());
    fs::create_directories(folder_);
    setenv("HOME", folder_.c_str(), 1);
  }
  ~OptionsTest() override { fs::remove_all(folder_); }
  static void Set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }

  fs::path folder_;
};

TEST_F(OptionsTest, NothingSetIsTheHubInTheHomeFolder) {
  const HubOptions options = HubOptions::FromEnvironment();
  EXPECT_EQ(options.endpoint, "https://huggingface.co");
  EXPECT_EQ(options.token, "");
  EXPECT_EQ(options.cache_folder, folder_.string() + "/.cache/huggingface/hub");
  EXPECT_FALSE(options.offline);
  EXPECT_EQ(options.timeout, absl::Minutes(30));
  EXPECT_EQ(options.no_progress_timeout, absl::Seconds(60));
}

TEST_F(OptionsTest, TheNearestCacheVariableWins) {
  Set("XDG_CACHE_HOME", "/xdg");
  EXPECT_EQ(HubCacheFolder(), "/xdg/huggingface/hub");
  Set("HF_HOME", "~/hf");
  EXPECT_EQ(HubCacheFolder(), folder_.string() + "/hf/hub");
  Set("HUGGINGFACE_HUB_CACHE", "/old");
  EXPECT_EQ(HubCacheFolder(), "/old");
  Set("HF_HUB_CACHE", "/new");
  EXPECT_EQ(HubCacheFolder(), "/new");
}

TEST_F(OptionsTest, TheTokenIsTheVariablesOrTheFiles) {
  Set("HF_HOME", folder_.string());
  std::ofstream(folder_ / "token") << "hf_file\n";
  EXPECT_EQ(HubOptions::FromEnvironment().token, "hf_file");
  std::ofstream(folder_ / "other") << "hf_other\r\n";
  Set("HF_TOKEN_PATH", (folder_ / "other").string());
  EXPECT_EQ(HubOptions::FromEnvironment().token, "hf_other");
  Set("HF_TOKEN", " hf_variable\n");
  EXPECT_EQ(HubOptions::FromEnvironment().token, "hf_variable");
  Set("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
  EXPECT_EQ(HubOptions::FromEnvironment().token, "");
}

TEST_F(OptionsTest, OfflineAndEndpoint) {
  Set("HF_ENDPOINT", "https://mirror.example/hub//");
  EXPECT_EQ(HubOptions::FromEnvironment().endpoint, "https://mirror.example/hub");
  for (const auto& [value, offline] :
       std::vector<std::pair<std::string, bool>>{{"1", true}, {"True", true}, {"0", false}}) {
    Set("HF_HUB_OFFLINE", value);
    EXPECT_EQ(HubOptions::FromEnvironment().offline, offline) << value;
  }
}

TEST(RetryTest, WaitsLongerEachTimeAndGivesUp) {
  const HubOptions options{
      .retries = 3, .first_backoff = absl::Milliseconds(40), .max_backoff = absl::Milliseconds(80)};
  const PullControl control(absl::Minutes(1), CallContext(), nullptr);
  const absl::Status error = Transient(absl::UnavailableError("busy"));
  Retry retry(options, control);
  for (const int longest : {40, 80, 80}) {
    const absl::Time start = absl::Now();
    EXPECT_TRUE(retry.Wait(error, false).ok());
    EXPECT_GE(absl::Now() - start, absl::Milliseconds(longest / 2));
    EXPECT_LT(absl::Now() - start, absl::Milliseconds(longest + 200));
  }
  const absl::Status given_up = retry.Wait(error, false);
  EXPECT_EQ(given_up.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(given_up.message()), HasSubstr("tried 4 times"));
  // Bytes came: as many tries as at the beginning.
  EXPECT_TRUE(retry.Wait(error, true).ok());
}

TEST(RetryTest, WhatNobodyCanHealByWaitingIsNotTriedAgain) {
  const HubOptions options;
  const PullControl control(absl::Minutes(1), CallContext(), nullptr);
  Retry retry(options, control);
  EXPECT_EQ(retry.Wait(absl::NotFoundError("x"), true), absl::NotFoundError("x"));
}

TEST(ProgressTest, BytesThatTurnOutWorthlessAreTakenBack) {
  PullProgress last;
  ProgressMeter meter([&last](const PullProgress& progress) { last = progress; });
  meter.SetTotals(100, 2);
  meter.AddKnown(30);
  meter.AddFetched(20);
  meter.AddKnown(-50);
  meter.AddFetched(100);
  meter.Finish();
  EXPECT_EQ(last.bytes_done, 100);
  EXPECT_EQ(meter.fetched(), 120);
  EXPECT_EQ(last.stage, PullStage::kDone);
}

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

TEST_F(LocalSnapshotTest, TheIndexSaysWhichWeightsBelongToIt) {
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

TEST_F(LocalSnapshotTest, AHostileIndexIsNotWhole) {
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
