// Tests of evaluator/records/records_json.
#include "evaluator/records/records_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;

// Existing run stores have this key.
TEST(RecordsJsonTest, TheWorkloadFingerprintIsStoredAsAsked) {
  Summary summary = SomeSummary();
  summary.workload_fingerprint = "f00d";
  const std::string text = SummariesToJson({summary});
  EXPECT_THAT(text, HasSubstr(R"("asked":"f00d")"));
  const auto summaries = SummariesFromJson(text);
  ASSERT_TRUE(summaries.ok()) << summaries.status();
  EXPECT_EQ(summaries->front().workload_fingerprint, "f00d");
  EXPECT_EQ(summaries->front().quality_score.samples, 4);
}

TEST(RecordsJsonTest, ASummaryOfAnOlderVersionHasNoWorkloadFingerprint) {
  nlohmann::json json = nlohmann::json::parse(SummariesToJson({SomeSummary()}));
  json[0].erase("asked");
  const auto summaries = SummariesFromJson(json.dump());
  ASSERT_TRUE(summaries.ok()) << summaries.status();
  EXPECT_EQ(summaries->front().workload_fingerprint, "");
}

// Older versions wrote t intervals.
TEST(RecordsJsonTest, IntervalsOfOlderVersionsAreCutAtTheBounds) {
  Summary summary = SomeSummary();
  summary.quality_score.ci_low = -1.93;
  summary.quality_score.ci_high = 11.5;
  summary.latency_ms.ci_low = -3;
  const auto summaries = SummariesFromJson(SummariesToJson({summary}));
  ASSERT_TRUE(summaries.ok()) << summaries.status();
  EXPECT_EQ(summaries->front().quality_score.ci_low, 0);
  EXPECT_EQ(summaries->front().quality_score.ci_high, 10);
  EXPECT_EQ(summaries->front().latency_ms.ci_low, 0);
  EXPECT_EQ(summaries->front().latency_ms.ci_high, summary.latency_ms.ci_high);
}

TEST(RecordsJsonTest, AFieldOfAnotherTypeIsDataLoss) {
  nlohmann::json json = nlohmann::json::parse(SummariesToJson({SomeSummary()}));
  json[0]["asked"] = 7;
  EXPECT_TRUE(absl::IsDataLoss(SummariesFromJson(json.dump()).status()));
  EXPECT_TRUE(absl::IsDataLoss(SummariesFromJson("[7]").status()));
  EXPECT_TRUE(absl::IsDataLoss(SummariesFromJson("[").status()));
}

}  // namespace
}  // namespace assay::evaluator
