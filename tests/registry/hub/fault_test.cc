// Tests of pulls from a faulty Hub.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
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
using ::testing::Not;

constexpr char kWeights[] = "model.safetensors";
constexpr int64_t kMegabyte = 1 << 20;

class FaultTest : public HubFixture {
 protected:
  // Changes the first `times` replies of the storage host; -1 = all of them.
  void ChangeStorageReplies(int times, std::function<void(HubReply*)> change) {
    const auto left = std::make_shared<std::atomic<int>>(times);
    hub_.SetFault(
        [left, change](const HubCall& call, const HubReply& right) -> std::optional<HubReply> {
          if (!call.storage || (*left)-- == 0) return std::nullopt;
          HubReply wrong = right;
          change(&wrong);
          return wrong;
        });
  }
  void ExpectComplete() {
    EXPECT_EQ(ReadAll(Snapshot(kWeights)), Content(kWeightsBytes, 1));
    EXPECT_EQ(Leftovers(), 0);
  }
  void ExpectNoWeights() {
    EXPECT_FALSE(fs::exists(Blob(kWeights)));
    EXPECT_FALSE(fs::exists(Snapshot(kWeights)));
    EXPECT_FALSE(fs::exists(repo_ / "refs/main"));
  }
};

TEST_F(FaultTest, ABrokenConnectionIsResumed) {
  ChangeStorageReplies(2, [](HubReply* reply) {
    reply->length = static_cast<int64_t>(reply->body.size());
    reply->drop_after = kMegabyte;
  });
  ASSERT_TRUE(Pull().ok()) << Message();
  ExpectComplete();
  EXPECT_EQ(hub_.BodyBytes(kWeights), static_cast<int64_t>(kWeightsBytes));
  EXPECT_EQ(hub_.Count("/storage/"), 3);
}

TEST_F(FaultTest, RepeatedBrokenConnectionsAreUnavailable) {
  ChangeStorageReplies(-1, [](HubReply* reply) {
    reply->length = static_cast<int64_t>(reply->body.size());
    reply->drop_after = 0;
  });
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(kWeights), HasSubstr("tried 4 times")));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret")));
  ExpectNoWeights();
}

TEST_F(FaultTest, RetryAfterIsHonored) {
  for (const int refusal : {429, 503}) {
    fs::remove_all(cache_);
    ChangeStorageReplies(1, [refusal](HubReply* reply) {
      *reply = HubReply{.status = refusal, .headers = {{"Retry-After", "1"}}};
    });
    const absl::Time start = absl::Now();
    ASSERT_TRUE(Pull().ok()) << Message();
    EXPECT_GE(absl::Now() - start, absl::Seconds(1)) << refusal;
    EXPECT_LT(absl::Now() - start, absl::Seconds(3)) << refusal;
    ExpectComplete();
  }
}

TEST_F(FaultTest, RetryAfterMayBeADate) {
  int refusals = 1;
  hub_.SetFault([&refusals](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
    if (!call.path.starts_with("/api/") || refusals-- <= 0) return std::nullopt;
    return HubReply{.status = 429,
                    .headers = {{"Retry-After", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                                                 absl::Now() + absl::Seconds(2),
                                                                 absl::UTCTimeZone())}}};
  });
  const absl::Time start = absl::Now();
  ASSERT_TRUE(Pull().ok()) << Message();
  // The date is rounded to whole seconds.
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(900));
}

TEST_F(FaultTest, ARetryAfterBeyondTheTimeLimitEndsAtOnce) {
  ChangeStorageReplies(-1, [](HubReply* reply) {
    *reply = HubReply{.status = 429, .headers = {{"Retry-After", "3600"}}};
  });
  const absl::Time start = absl::Now();
  EXPECT_THAT(Message(), HasSubstr("retry in 1h"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  ExpectNoWeights();
}

TEST_F(FaultTest, WrongContentDoesNotEnterTheCache) {
  ChangeStorageReplies(-1, [](HubReply* reply) { reply->body[12345] ^= 1; });
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(kWeights), HasSubstr("hash"), HasSubstr(hub_.Hash(kWeights))));
  ExpectNoWeights();
  EXPECT_FALSE(fs::exists(Incomplete(kWeights)));
  // The file was fetched only once.
  EXPECT_EQ(hub_.Count("/storage/"), 1);
}

TEST_F(FaultTest, WrongContentOfASmallFileIsDetectedByItsGitHash) {
  hub_.SetFault([](const HubCall& call, const HubReply& right) -> std::optional<HubReply> {
    if (!call.path.ends_with("/config.json")) return std::nullopt;
    HubReply wrong = right;
    wrong.body[2] ^= 1;
    return wrong;
  });
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("config.json"));
  EXPECT_FALSE(fs::exists(Blob("config.json")));
}

TEST_F(FaultTest, AnotherSizeIsDetectedBeforeTheBody) {
  ChangeStorageReplies(-1, [](HubReply* reply) { reply->body += "more"; });
  EXPECT_EQ(Pull().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(), HasSubstr(absl::StrCat(kWeightsBytes + 4)));
  ExpectNoWeights();
}

TEST_F(FaultTest, AnIncompleteFileOfWrongBytesIsFetchedAgain) {
  fs::create_directories(repo_ / "blobs");
  std::ofstream(Incomplete(kWeights)) << Content(kMegabyte, 99);
  ASSERT_TRUE(Pull().ok()) << Message();
  ExpectComplete();
}

TEST_F(FaultTest, AnIncompleteFileWithAllBytesIsOnlyVerified) {
  fs::create_directories(repo_ / "blobs");
  std::ofstream(Incomplete(kWeights)) << Content(kWeightsBytes, 1);
  ASSERT_TRUE(Pull().ok()) << Message();
  ExpectComplete();
  EXPECT_EQ(hub_.Count("/storage/"), 0);
}

TEST_F(FaultTest, AnIncompleteFileThatIsTooLongIsFetchedAgain) {
  fs::create_directories(repo_ / "blobs");
  std::ofstream(Incomplete(kWeights)) << Content(kWeightsBytes + 1, 1);
  ASSERT_TRUE(Pull().ok()) << Message();
  ExpectComplete();
}

TEST_F(FaultTest, AServerWithoutRangesSendsTheWholeFile) {
  fs::create_directories(repo_ / "blobs");
  std::ofstream(Incomplete(kWeights)) << Content(kWeightsBytes, 1).substr(0, kMegabyte);
  ChangeStorageReplies(
      -1, [](HubReply* reply) { *reply = HubReply{.body = Content(kWeightsBytes, 1)}; });
  ASSERT_TRUE(Pull().ok()) << Message();
  ExpectComplete();
  EXPECT_EQ(hub_.BodyBytes(kWeights), static_cast<int64_t>(kWeightsBytes));
}

TEST_F(FaultTest, AnotherRangeThanRequestedIsNotUsed) {
  for (const char* range : {"bytes 0-99/100", "bytes 1048577-3145727/3145728", "nonsense", ""}) {
    fs::remove_all(cache_);
    fs::create_directories(repo_ / "blobs");
    std::ofstream(Incomplete(kWeights)) << Content(kWeightsBytes, 1).substr(0, kMegabyte);
    ChangeStorageReplies(1, [range](HubReply* reply) {
      EXPECT_EQ(reply->status, 206);
      reply->headers = {{"Content-Range", range}};
    });
    ASSERT_TRUE(Pull().ok()) << Message();
    ExpectComplete();
  }
}

TEST_F(FaultTest, AStalledConnectionIsReplaced) {
  options_.no_progress_timeout = absl::Milliseconds(500);
  ChangeStorageReplies(1, [](HubReply* reply) { reply->stall_after = kMegabyte; });
  const absl::Time start = absl::Now();
  ASSERT_TRUE(Pull().ok()) << Message();
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  ExpectComplete();
  EXPECT_EQ(hub_.BodyBytes(kWeights), static_cast<int64_t>(kWeightsBytes));
}

TEST_F(FaultTest, AStallWithoutEndIsDeadlineExceeded) {
  options_.no_progress_timeout = absl::Milliseconds(500);
  int calls = 0;
  ChangeStorageReplies(
      -1, [&calls](HubReply* reply) { reply->stall_after = ++calls == 1 ? kMegabyte : 0; });
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(kWeights), HasSubstr("no data for 500ms")));
  EXPECT_EQ(hub_.Count("/storage/"), 2);
  ExpectNoWeights();
  EXPECT_EQ(fs::file_size(Incomplete(kWeights)), static_cast<uintmax_t>(kMegabyte));
}

TEST_F(FaultTest, TheTotalTimeLimitEndsASlowPull) {
  options_.timeout = absl::Seconds(1);
  ChangeStorageReplies(-1, [](HubReply* reply) { reply->bytes_per_second = kMegabyte / 2; });
  const absl::Time start = absl::Now();
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not done after 1s"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  EXPECT_GT(fs::file_size(Incomplete(kWeights)), 0U);
}

TEST_F(FaultTest, CancellationTakesASecondAndTheNextPullContinues) {
  ChangeStorageReplies(1, [](HubReply* reply) { reply->stall_after = kMegabyte; });
  const auto downloader = HubDownloader::Create(options_);
  const absl::Time start = absl::Now();
  const absl::Status status =
      downloader
          ->Pull({.repo = "org/model"}, nullptr,
                 CallContext([start] { return absl::Now() - start > absl::Milliseconds(700); }))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(700) + absl::Milliseconds(1500));
  EXPECT_EQ(fs::file_size(Incomplete(kWeights)), static_cast<uintmax_t>(kMegabyte));
  ASSERT_TRUE(Pull().ok()) << Message();
  ExpectComplete();
  EXPECT_EQ(hub_.BodyBytes(kWeights), static_cast<int64_t>(kWeightsBytes));
}

TEST_F(FaultTest, AnUnreachableHubIsUnavailable) {
  options_.endpoint = "http://127.0.0.1:9";
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1:9"));
  EXPECT_FALSE(fs::exists(cache_));
}

// An error response and the message that is expected for it.
struct Refusal {
  int status;
  const char* code;
  absl::StatusCode expected;
  const char* with_token;
  const char* without_token;
};

TEST_F(FaultTest, ErrorsSayWhatToDo) {
  using Code = absl::StatusCode;
  for (const Refusal& refusal :
       {Refusal{403, "GatedRepo", Code::kPermissionDenied, "has not been granted access",
                "and set HF_TOKEN"},
        Refusal{401, "GatedRepo", Code::kPermissionDenied, "Accept its license at",
                "Accept its license at"},
        Refusal{404, "RepoNotFound", Code::kNotFound, "the token in HF_TOKEN has no access",
                "or it is private"},
        Refusal{404, "RevisionNotFound", Code::kNotFound, "no revision 'main'", "/tree/main"},
        Refusal{404, "EntryNotFound", Code::kNotFound, "no such file", "no such file"},
        Refusal{401, "", Code::kUnauthenticated, "was refused", "needs a token"},
        Refusal{403, "", Code::kPermissionDenied, "answered 403", "set HF_TOKEN"},
        Refusal{404, "", Code::kNotFound, "answered 404", "answered 404"},
        Refusal{418, "", Code::kFailedPrecondition, "answered 418", "answered 418"}}) {
    hub_.SetFault([&refusal](const HubCall&, const HubReply&) {
      return HubReply{.status = refusal.status, .headers = {{"X-Error-Code", refusal.code}}};
    });
    for (const bool token : {true, false}) {
      options_.token = token ? "hf_secret" : "";
      const absl::Status status = Pull().status();
      EXPECT_EQ(status.code(), refusal.expected) << status;
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr("org/model@main"), Not(HasSubstr("hf_secret")),
                        HasSubstr(token ? refusal.with_token : refusal.without_token)));
    }
  }
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(FaultTest, AGatedFileStopsThePullWithItsName) {
  hub_.SetFault([](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
    if (call.path.starts_with("/api/")) return std::nullopt;
    return HubReply{.status = 403, .headers = {{"X-Error-Code", "GatedRepo"}}};
  });
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr(hub_.Url() + "/org/model"));
  ExpectNoWeights();
  EXPECT_EQ(fs::file_size(Incomplete(kWeights)), 0U);
}

TEST_F(FaultTest, HostileRepliesOfTheApiAreRefused) {
  constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";
  const auto with_file = [&](const std::string& file) {
    return absl::StrCat(R"({"sha": ")", kSha, R"(", "siblings": [)", file, "]}");
  };
  for (const std::string& reply : {
           std::string("[]"),
           std::string("{"),
           std::string(200, '['),
           std::string(R"({"sha": "../../../../etc", "siblings": []})"),
           std::string(R"({"sha": 7, "siblings": []})"),
           absl::StrCat(R"({"sha": ")", kSha, R"("})"),
           with_file(R"({"rfilename": "../../evil.safetensors"})"),
           with_file(R"({"rfilename": "/etc/evil"})"),
           with_file(R"({"rfilename": "a\u0000b"})"),
           with_file(R"({"rfilename": ""})"),
           with_file(R"({"rfilename": 5})"),
           with_file("7"),
           with_file(R"({"rfilename": "a", "size": -1})"),
           with_file(R"({"rfilename": "a", "size": 1e300})"),
           with_file(R"({"rfilename": "a", "size": 99999999999999999})"),
           with_file(R"({"rfilename": "a", "blobId": "../x"})"),
           with_file(R"({"rfilename": "a", "lfs": {"sha256": "/etc/passwd"}})"),
           with_file(R"({"rfilename": "a"}, {"rfilename": "a"})"),
       }) {
    hub_.SetListing(reply);
    EXPECT_EQ(Pull().status().code(), absl::StatusCode::kDataLoss) << reply << Message();
  }
  hub_.SetListing(std::string(40 << 20, ' '));
  EXPECT_EQ(Pull().status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(FaultTest, HostileHeadersOfAFileAreRefused) {
  hub_.ListNamesOnly();
  for (const std::string etag : {"../../../evil", "", "abc", "/etc/passwd"}) {
    hub_.SetFault([&etag](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
      if (call.method != "HEAD") return std::nullopt;
      return HubReply{.headers = {{"ETag", etag}}};
    });
    EXPECT_EQ(Pull().status().code(), absl::StatusCode::kDataLoss) << etag;
  }
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(FaultTest, RedirectsAreLimited) {
  hub_.SetFault([](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
    if (call.path.starts_with("/api/")) return std::nullopt;
    return HubReply{.status = 302, .headers = {{"Location", call.path + "x"}}};
  });
  EXPECT_THAT(Message(), HasSubstr("more than 5 redirects"));
  hub_.SetFault([](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
    if (call.path.starts_with("/api/")) return std::nullopt;
    return HubReply{.status = 302, .headers = {{"Location", "file:///etc/passwd"}}};
  });
  EXPECT_EQ(Pull().status().code(), absl::StatusCode::kInvalidArgument);
  ExpectNoWeights();
}

TEST_F(FaultTest, ARenamedRepositoryIsFollowed) {
  hub_.SetFault([](const HubCall& call, const HubReply&) -> std::optional<HubReply> {
    const size_t at = call.path.find("old/name");
    if (at == std::string::npos) return std::nullopt;
    std::string renamed = call.path;
    return HubReply{.status = 307, .headers = {{"Location", renamed.replace(at, 8, "org/model")}}};
  });
  const absl::StatusOr<PullResult> result = Pull({.repo = "old/name"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReadAll(result->snapshot + "/model.safetensors"), Content(kWeightsBytes, 1));
}

TEST_F(FaultTest, TooLittleDiskSpaceIsDetectedBeforeTheFirstFile) {
  options_.free_bytes = [](const std::string&) { return int64_t{1000}; };
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("1000 free"), HasSubstr("31457")));
  EXPECT_EQ(hub_.Count("/resolve/"), 0);
  ExpectNoWeights();
  EXPECT_EQ(Leftovers(), 0);
}

}  // namespace
}  // namespace assay::registry
