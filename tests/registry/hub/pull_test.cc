// Tests of pulls from a working Hub.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/hub/downloader.h"
#include "tests/registry/hub/hub_fixture.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class PullTest : public HubFixture {};

TEST_F(PullTest, WritesTheLayoutOfHuggingfaceHub) {
  const absl::StatusOr<PullResult> result = Pull();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->commit, FakeHub::kCommit);
  EXPECT_EQ(result->snapshot, (repo_ / "snapshots" / FakeHub::kCommit).string());
  EXPECT_EQ(result->path, result->snapshot);
  EXPECT_EQ(ReadAll(repo_ / "refs/main"), FakeHub::kCommit);
  EXPECT_EQ(ReadAll(Snapshot("model.safetensors")), Content(kWeightsBytes, 1));
  EXPECT_EQ(fs::read_symlink(Snapshot("model.safetensors")).string(),
            "../../blobs/" + hub_.Hash("model.safetensors"));
  EXPECT_EQ(fs::read_symlink(Snapshot("config.json")).string(),
            "../../blobs/" + hub_.Hash("config.json"));
  EXPECT_TRUE(
      fs::exists(cache_ / ".locks/models--org--model" / (hub_.Hash("config.json") + ".lock")));
  EXPECT_THAT(ReadAll(cache_ / "CACHEDIR.TAG"),
              HasSubstr("Signature: 8a477f597d28d172789f06886806bc55"));
  EXPECT_EQ(Leftovers(), 0);
}

TEST_F(PullTest, FetchesOnlyTheFilesOfTheModel) {
  for (const char* name :
       {"pytorch_model.bin", "model.gguf", "onnx/model.onnx", "README.md",
        "consolidated.safetensors", "model.fp16.safetensors", "onnx/config.json", "tf_model.h5"}) {
    hub_.AddFile(name, std::string("content of ") + name, true);
  }
  hub_.AddFile("generation_config.json", "{}", false);
  ASSERT_TRUE(Pull().ok());
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(Snapshot(""))) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("config.json", "generation_config.json",
                                                   "model.safetensors", "tokenizer.json"));
}

TEST_F(PullTest, FetchesIndexAndShardsInsteadOfTheSingleFile) {
  hub_.AddFile("model.safetensors.index.json",
               R"({"weight_map": {"a": "model-00001-of-00002.safetensors",
                                  "b": "model-00002-of-00002.safetensors"}})",
               false);
  hub_.AddFile("model-00001-of-00002.safetensors", Content(100, 2), true);
  hub_.AddFile("model-00002-of-00002.safetensors", Content(100, 3), true);
  ASSERT_TRUE(Pull().ok());
  EXPECT_TRUE(fs::exists(Snapshot("model-00002-of-00002.safetensors")));
  EXPECT_FALSE(fs::exists(Snapshot("model.safetensors")));
}

TEST_F(PullTest, FetchesOneFileByName) {
  hub_.AddFile("sub/small q4.gguf", Content(1000, 4), true);
  const absl::StatusOr<PullResult> result =
      Pull({.repo = "org/model", .file = "sub/small q4.gguf"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->path, Snapshot("sub/small q4.gguf").string());
  EXPECT_EQ(fs::read_symlink(result->path).string(),
            "../../../blobs/" + hub_.Hash("sub/small q4.gguf"));
  EXPECT_EQ(ReadAll(result->path), Content(1000, 4));
  EXPECT_FALSE(fs::exists(Snapshot("config.json")));
}

TEST_F(PullTest, FetchesAllPartsOfASplitModel) {
  const std::string first = "q4/m-00001-of-00002.gguf";
  const std::string second = "q4/m-00002-of-00002.gguf";
  hub_.AddFile(first, Content(1000, 4), true);
  hub_.AddFile("q4/m-00002-of-00003.gguf", Content(9, 6), true);
  EXPECT_EQ(Pull({.repo = "org/model", .file = first}).status().code(),
            absl::StatusCode::kNotFound);
  hub_.AddFile(second, Content(1000, 5), true);
  const absl::StatusOr<PullResult> result = Pull({.repo = "org/model", .file = first});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->path, Snapshot(first).string());
  EXPECT_EQ(ReadAll(Snapshot(second)), Content(1000, 5));
  EXPECT_FALSE(fs::exists(Snapshot("q4/m-00002-of-00003.gguf")));
}

TEST_F(PullTest, FilesInTheCacheAreNotFetchedAgain) {
  const absl::StatusOr<PullResult> first = Pull();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->bytes_present, 0);
  const absl::StatusOr<PullResult> again = Pull();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->bytes_fetched, 0);
  EXPECT_EQ(again->bytes_present, first->bytes_fetched);
  EXPECT_EQ(hub_.Count("/storage/"), 1);
  EXPECT_EQ(hub_.Count("/resolve/"), 3);
}

TEST_F(PullTest, ACommitInTheCacheNeedsNoRequest) {
  ASSERT_TRUE(Pull().ok());
  const size_t calls = hub_.Calls().size();
  const absl::StatusOr<PullResult> again =
      Pull({.repo = "org/model", .revision = FakeHub::kCommit});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(hub_.Calls().size(), calls);
}

TEST_F(PullTest, OfflineUsesTheCacheWithoutRequests) {
  ASSERT_TRUE(Pull().ok());
  const size_t calls = hub_.Calls().size();
  options_.offline = true;
  const absl::StatusOr<PullResult> result = Pull();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->commit, FakeHub::kCommit);
  fs::remove(Snapshot("model.safetensors"));
  const absl::Status missing = Pull().status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("HF_HUB_OFFLINE"));
  EXPECT_EQ(hub_.Calls().size(), calls);
}

TEST_F(PullTest, FetchesMissingSizesFromFileHeaders) {
  hub_.ListNamesOnly();
  const absl::StatusOr<PullResult> result = Pull();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReadAll(Snapshot("model.safetensors")), Content(kWeightsBytes, 1));
  EXPECT_TRUE(fs::exists(Blob("config.json")));
}

TEST_F(PullTest, ADamagedBlobIsReplaced) {
  ASSERT_TRUE(Pull().ok());
  fs::resize_file(Blob("model.safetensors"), 1000);
  ASSERT_TRUE(Pull().ok());
  EXPECT_EQ(ReadAll(Snapshot("model.safetensors")), Content(kWeightsBytes, 1));
}

TEST_F(PullTest, MissingSafetensorsSayWhatToDo) {
  hub_.SetListing(R"({"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [
      {"rfilename": "config.json"}, {"rfilename": "pytorch_model.bin"}]})");
  EXPECT_THAT(Message(), AllOf(HasSubstr("pytorch_model.bin"), HasSubstr("SFconvertbot")));
  hub_.SetListing(R"({"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [
      {"rfilename": "m-q4.gguf"}, {"rfilename": "m-q8.gguf"}]})");
  EXPECT_THAT(Message(), AllOf(HasSubstr("m-q4.gguf, m-q8.gguf"), HasSubstr("source.file")));
  EXPECT_EQ(Pull().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message({.repo = "org/model", .file = "m-q5.gguf"}),
              HasSubstr("files of that kind: m-q4.gguf"));
}

TEST_F(PullTest, TheTokenIsSentToTheHubOnly) {
  options_.token = "hf_secret";
  ASSERT_TRUE(Pull().ok());
  int storage = 0;
  for (const HubCall& call : hub_.Calls()) {
    EXPECT_EQ(call.headers.count("authorization"), call.storage ? 0U : 1U) << call.path;
    storage += call.storage ? 1 : 0;
  }
  EXPECT_EQ(storage, 1);
}

TEST_F(PullTest, ProgressGrowsToTheTotal) {
  hub_.SetFault([](const HubCall& call, const HubReply& right) -> std::optional<HubReply> {
    if (!call.storage) return std::nullopt;
    HubReply slow = right;
    slow.bytes_per_second = 3 << 20;
    return slow;
  });
  std::vector<PullProgress> seen;
  const absl::Time start = absl::Now();
  const auto downloader = HubDownloader::Create(options_);
  ASSERT_TRUE(downloader
                  ->Pull(
                      {.repo = "org/model"}, [&seen](const PullProgress& p) { seen.push_back(p); },
                      CallContext())
                  .ok());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  EXPECT_GE(seen.size(), 5U);
  EXPECT_LE(static_cast<double>(seen.size()), seconds * 10 + 2);
  for (size_t i = 1; i < seen.size(); ++i) EXPECT_GE(seen[i].bytes_done, seen[i - 1].bytes_done);
  EXPECT_EQ(seen.back().stage, PullStage::kDone);
  EXPECT_EQ(seen.back().bytes_done, seen.back().bytes_total);
  EXPECT_GT(seen.back().bytes_total, static_cast<int64_t>(kWeightsBytes));
  EXPECT_EQ(seen.back().files_done, 3);
  const PullProgress& middle = seen[seen.size() / 2];
  EXPECT_NEAR(middle.bytes_per_second, 3 << 20, 2 << 20);
  EXPECT_LT(middle.time_left, absl::Seconds(3));
}

TEST_F(PullTest, ARevisionMayContainSlashes) {
  hub_.SetFault([](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
    if (call.path != "/api/models/org/model/revision/refs%2Fpr%2F3?blobs=true") return std::nullopt;
    return HubReply{.body = R"({"sha": "0123456789abcdef0123456789abcdef01234567", "siblings":
        [{"rfilename": "config.json"}, {"rfilename": "model.safetensors"}]})"};
  });
  const absl::StatusOr<PullResult> result = Pull({.repo = "org/model", .revision = "refs/pr/3"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReadAll(repo_ / "refs/refs/pr/3"), FakeHub::kCommit);
}

TEST_F(PullTest, HostileNamesInARequestAreRefused) {
  const std::vector<PullRequest> requests = {{.repo = "../etc"},
                                             {.repo = "a/b/c"},
                                             {.repo = "org--x/y"},
                                             {.repo = "org/..model"},
                                             {.repo = "org/a b"},
                                             {.repo = ""},
                                             {.repo = "org/model", .revision = "../../etc"},
                                             {.repo = "org/model", .revision = "/main"},
                                             {.repo = "org/model", .revision = "a\nb"},
                                             {.repo = "org/model", .revision = ""},
                                             {.repo = "org/model", .file = "../../../x.gguf"},
                                             {.repo = "org/model", .file = "/etc/passwd"},
                                             {.repo = "org/model", .file = "a//b"},
                                             {.repo = "org/model", .file = "a\\b"}};
  for (const PullRequest& request : requests) {
    EXPECT_EQ(Pull(request).status().code(), absl::StatusCode::kInvalidArgument)
        << request.repo << " " << request.revision << " " << request.file;
  }
  EXPECT_TRUE(hub_.Calls().empty());
  EXPECT_FALSE(fs::exists(cache_));
}

}  // namespace
}  // namespace assay::registry
