// Lines of the log.
#include "server/events/log.h"

#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "spdlog/spdlog.h"

namespace assay::server {
namespace {

// Each test makes a new default logger; spdlog refuses two with one name.
class LogTest : public testing::Test {
 protected:
  void SetUp() override { spdlog::drop_all(); }
  void TearDown() override {
    spdlog::drop_all();
    InitLog("info", "text");
  }
};

TEST_F(LogTest, TextIsLogfmtWithQuotesWhereNeeded) {
  testing::internal::CaptureStderr();
  InitLog("info", "text");
  LogEvent(spdlog::level::info, "request",
           {{"model", "m1"}, {"tokens", 12}, {"error", "a \"b\" c"}, {"empty", ""}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(R"(request model=m1 tokens=12 error="a \"b\" c" empty="")"),
            std::string::npos)
      << line;
}

TEST_F(LogTest, JsonIsOneObjectPerLineEvenForPlainMessages) {
  testing::internal::CaptureStderr();
  InitLog("info", "json");
  LogEvent(spdlog::level::warn, "request", {{"tokens", 12}});
  spdlog::info("plain \"text\"\nwith a line break");
  const std::string out = testing::internal::GetCapturedStderr();
  const size_t end = out.find('\n');
  const nlohmann::json first = nlohmann::json::parse(out.substr(0, end));
  EXPECT_EQ(first["event"], "request");
  EXPECT_EQ(first["tokens"], 12);
  EXPECT_EQ(first["level"], "warning");
  const nlohmann::json second = nlohmann::json::parse(out.substr(end + 1));
  EXPECT_EQ(second["message"], "plain \"text\"\nwith a line break");
}

TEST_F(LogTest, EventsBelowTheLevelAreNotLogged) {
  testing::internal::CaptureStderr();
  InitLog("warn", "text");
  LogEvent(spdlog::level::info, "quiet", {});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace assay::server
