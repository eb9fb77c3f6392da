// The record of what administrators did.
#include "server/access/audit_log.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using nlohmann::json;
using testing::SizeIs;

constexpr int64_t kMaxBytes = 4096;

class AuditLogTest : public testing::Test {
 protected:
  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(path_, kMaxBytes,
                              [this](const absl::Status& status) { errors_.push_back(status); });
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  static AuditEntry Entry(const std::string& request) {
    return {.time = absl::FromUnixSeconds(1'800'000'000),
            .method = "assay.v1.ModelService/SetRoutes",
            .caller = "key:1f",
            .key = "root",
            .peer = "ipv4:192.0.2.7:1",
            .request = request,
            .status = absl::PermissionDeniedError("no"),
            .duration = absl::Milliseconds(2)};
  }

  static std::vector<json> Lines(const std::string& path) {
    std::vector<json> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "audit.jsonl";
  std::vector<absl::Status> errors_;
};

TEST_F(AuditLogTest, EntryIsOneLineOfJson) {
  Open()->Write(Entry("{\"a\":\n\"\xff\"}"));
  Open()->Write(Entry("{}"));
  const std::vector<json> lines = Lines(path_);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].at("time"), "2027-01-15T08:00:00+00:00");
  EXPECT_EQ(lines[0].at("method"), "assay.v1.ModelService/SetRoutes");
  EXPECT_EQ(lines[0].at("key"), "root");
  EXPECT_EQ(lines[0].at("status"), "PERMISSION_DENIED");
  EXPECT_EQ(lines[0].at("error"), "no");
}

TEST_F(AuditLogTest, LongRequestIsCut) {
  Open()->Write(Entry(std::string(3000, 'x')));
  const std::vector<json> lines = Lines(path_);
  EXPECT_EQ(lines[0].at("request").get<std::string>().size(), 2048u);
  EXPECT_EQ(lines[0].at("request_bytes"), 3000);
}

TEST_F(AuditLogTest, OldLinesMoveToASecondFileAndGoAtLast) {
  const std::unique_ptr<AuditLog> log = Open();
  for (int i = 0; i < 200; ++i) log->Write(Entry(std::to_string(i)));
  const std::vector<json> newest = Lines(path_);
  const std::vector<json> older = Lines(path_ + ".1");
  EXPECT_EQ(newest.back().at("request"), "199");
  EXPECT_EQ(std::stoi(older.back().at("request").get<std::string>()) + 1,
            std::stoi(newest.front().at("request").get<std::string>()));
  for (const std::string& path : {path_, path_ + ".1"}) {
    EXPECT_LE(std::filesystem::file_size(path), static_cast<uintmax_t>(kMaxBytes));
  }
  EXPECT_TRUE(errors_.empty());
}

TEST_F(AuditLogTest, FileThatWasMovedAwayIsBegunAgain) {
  const std::unique_ptr<AuditLog> log = Open();
  log->Write(Entry("{}"));
  std::filesystem::remove(path_);
  for (int i = 0; i < 50; ++i) log->Write(Entry("{}"));
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(errors_.empty());
}

TEST_F(AuditLogTest, NamedPipeIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(AuditLog::Open(path_, kMaxBytes, nullptr).ok());
}

TEST_F(AuditLogTest, FailureIsReportedOnceAMinute) {
  const std::unique_ptr<AuditLog> log = Open();
  std::filesystem::remove_all(folder_.path());
  // The file must be turned, which fails without its folder.
  for (int i = 0; i < 200; ++i) log->Write(Entry("{}"));
  EXPECT_THAT(errors_, SizeIs(1));
}

TEST_F(AuditLogTest, FileThatCannotBeOpenedIsNamed) {
  const absl::Status status = AuditLog::Open(folder_.path(), kMaxBytes, nullptr).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(folder_.path()));
}

TEST_F(AuditLogTest, CheckReportsWhatOpenWouldAndCreatesNothing) {
  const auto open_error = [](const std::string& path) {
    return AuditLog::Open(path, kMaxBytes, nullptr).status();
  };
  EXPECT_TRUE(AuditLog::Check(path_).ok()) << AuditLog::Check(path_);
  EXPECT_FALSE(std::filesystem::exists(path_));
  for (const std::string& path : {folder_.path(), folder_ / "missing/audit.jsonl"}) {
    EXPECT_FALSE(AuditLog::Check(path).ok()) << path;
    EXPECT_EQ(AuditLog::Check(path), open_error(path));
  }
  Open()->Write(Entry("{}"));
  EXPECT_TRUE(AuditLog::Check(path_).ok());
  EXPECT_THAT(Lines(path_), SizeIs(1));
}

}  // namespace
}  // namespace assay::server
