// Tests reading and validating assayd.yaml.
#include "server/config/config.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
 protected:
  void TearDown() override { std::remove(path_.c_str()); }

  std::string Write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }
  absl::Status LoadError(const std::string& text) { return LoadConfig(Write(text)).status(); }

 private:
  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/assayd_config_test.", getpid(), ".yaml");
};

TEST_F(ConfigTest, UsesDefaultsAndPathsRelativeToTheFile) {
  absl::StatusOr<Config> config = LoadConfig(Write("catalog: models.yaml\nstate_dir: state\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "127.0.0.1:50051");
  EXPECT_EQ(config->limits.inference_timeout, absl::Minutes(5));
  EXPECT_EQ(std::filesystem::path(config->catalog_path),
            (std::filesystem::path(testing::TempDir()) / "models.yaml").lexically_normal());
  EXPECT_TRUE(std::filesystem::path(config->state_dir).is_absolute());
}

TEST_F(ConfigTest, ReadsEveryGroup) {
  absl::StatusOr<Config> config = LoadConfig(Write(R"(
listen: 127.0.0.1:0
metrics: { listen: 127.0.0.1:1 }
catalog: m.yaml
state_dir: s
memory_budget: 2GiB
residency: { keep_alive: 10m, least_residency: 500ms, reload: memory }
log: { level: debug, format: json }
limits: { max_running: 5, max_waiting: 3, max_wait: 700ms, max_prompt_bytes: 2KiB,
          inference_timeout: 250ms, stream_interval: 20ms, drain_timeout: 2s }
breaker: { failures: 7, cool_down: 2s, longest_cool_down: 1m }
mlflow: { tracking_uri: "http://127.0.0.1:5000", experiment: e }
evaluation: { max_new_tokens: 7, economics: { power_watts: 9.5 } }
)"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->memory_budget.bytes, int64_t{2} << 30);
  EXPECT_EQ(config->memory_budget.share, 0);
  EXPECT_EQ(config->residency.keep_alive, absl::Minutes(10));
  EXPECT_EQ(config->residency.least_residency, absl::Milliseconds(500));
  EXPECT_EQ(config->residency.reload, "memory");
  EXPECT_EQ(config->log_format, "json");
  EXPECT_EQ(config->limits.max_running, 5);
  EXPECT_EQ(config->limits.stream_interval, absl::Milliseconds(20));
  EXPECT_EQ(config->limits.max_waiting, 3);
  EXPECT_EQ(config->limits.max_wait, absl::Milliseconds(700));
  EXPECT_EQ(config->limits.max_prompt_bytes, 2048);
  EXPECT_EQ(config->limits.inference_timeout, absl::Milliseconds(250));
  EXPECT_EQ(config->breaker.failures, 7);
  EXPECT_EQ(config->breaker.cool_down, absl::Seconds(2));
  EXPECT_EQ(config->breaker.longest_cool_down, absl::Minutes(1));
  EXPECT_EQ(config->mlflow.experiment, "e");
  EXPECT_EQ(config->evaluation.max_new_tokens, 7);
  EXPECT_DOUBLE_EQ(config->evaluation.economics.power_watts, 9.5);
}

TEST_F(ConfigTest, UnknownContentTypesAreRefusedUnlessTheyGoToTheDefault) {
  const std::string required = "catalog: m\nstate_dir: s\n";
  EXPECT_TRUE(LoadConfig(Write(required))->routing.refuse_unknown);
  EXPECT_EQ(LoadConfig(Write(required))->routing.evidence_max_age, absl::Hours(90 * 24));
  EXPECT_EQ(
      LoadConfig(Write(required + "routing: { evidence_max_age: 720h }"))->routing.evidence_max_age,
      absl::Hours(720));
  EXPECT_TRUE(LoadConfig(Write(required + "routing: { unknown: refuse }"))->routing.refuse_unknown);
  EXPECT_FALSE(
      LoadConfig(Write(required + "routing: { unknown: default }"))->routing.refuse_unknown);
  EXPECT_THAT(std::string(LoadError(required + "routing: { unknown: drop }").message()),
              HasSubstr("routing.unknown"));
}

TEST_F(ConfigTest, EvaluationsHaveLimitsOfNumberSizeAndAge) {
  const std::string required = "catalog: m\nstate_dir: s\n";
  const EvaluationConfig defaults = LoadConfig(Write(required))->evaluation;
  EXPECT_EQ(defaults.max_waiting, 16);
  EXPECT_EQ(defaults.max_stored, int64_t{4} << 30);
  EXPECT_FALSE(defaults.delete_oldest);
  EXPECT_EQ(defaults.keep, absl::InfiniteDuration());
  const EvaluationConfig set =
      LoadConfig(Write(required + "evaluation: { max_waiting: 2, max_stored: 1GiB, when_full: "
                                  "delete_oldest, keep: 2160h }"))
          ->evaluation;
  EXPECT_EQ(set.max_waiting, 2);
  EXPECT_EQ(set.max_stored, int64_t{1} << 30);
  EXPECT_TRUE(set.delete_oldest);
  EXPECT_EQ(set.keep, absl::Hours(2160));
  EXPECT_EQ(LoadConfig(Write(required + "evaluation: { max_stored: 0, keep: forever }"))
                ->evaluation.max_stored,
            0);
  for (const char* wrong :
       {"max_stored: 1MiB", "when_full: panic", "keep: 1s", "max_waiting: -1"}) {
    const absl::Status error = LoadError(absl::StrCat(required, "evaluation: { ", wrong, " }"));
    EXPECT_THAT(std::string(error.message()), HasSubstr("evaluation."));
  }
}

TEST_F(ConfigTest, FeedbackHasLimitsOfTimeAndNumber) {
  const std::string required = "catalog: m\nstate_dir: s\n";
  const FeedbackConfig defaults = LoadConfig(Write(required))->feedback;
  EXPECT_EQ(defaults.keep_requests, absl::Hours(720));
  EXPECT_EQ(defaults.max_requests, 1'000'000);
  const FeedbackConfig set =
      LoadConfig(
          Write(required + "feedback: { keep_requests: 2h, max_requests: 0, keep_feedback: 48h }"))
          ->feedback;
  EXPECT_EQ(set.keep_requests, absl::Hours(2));
  EXPECT_EQ(set.max_requests, 0);
  EXPECT_EQ(set.keep_feedback, absl::Hours(48));
  EXPECT_THAT(std::string(LoadError(required + "feedback: { keep_requests: 1s }").message()),
              HasSubstr("feedback.keep_requests"));
  EXPECT_FALSE(LoadConfig(Write(required))->recording.prompts);
  const RecordingConfig recording =
      LoadConfig(Write(required + "recording: { prompts: true, sample_ratio: 0.5, max_prompts: 9,"
                                  " max_age: 48h, redact: false }"))
          ->recording;
  EXPECT_TRUE(recording.prompts);
  EXPECT_EQ(recording.sample_ratio, 0.5);
  EXPECT_EQ(recording.max_prompts, 9);
  EXPECT_EQ(recording.max_age, absl::Hours(48));
  EXPECT_FALSE(recording.redact);
  EXPECT_THAT(std::string(LoadError(required + "recording: { sample_ratio: 2 }").message()),
              HasSubstr("recording.sample_ratio"));
}

TEST_F(ConfigTest, UnknownKeyNamesFileLineAndKey) {
  const absl::Status status = LoadError("catalog: m\nstate_dir: s\nlissten: x\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(".yaml:3"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("lissten"));
}

TEST_F(ConfigTest, MalformedYamlNamesTheLine) {
  const absl::Status status = LoadError("catalog: m\nlog: { level: info\nstate_dir: s\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(".yaml:"));
}

TEST_F(ConfigTest, ValueOutOfRangeNamesKeyAndValue) {
  const absl::Status status = LoadError("catalog: m\nstate_dir: s\nlimits:\n  max_waiting: -4\n");
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_waiting"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("-4"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(":4"));
}

TEST_F(ConfigTest, LongestCoolDownIsAtLeastCoolDown) {
  const std::string required = "catalog: m\nstate_dir: s\n";
  const absl::StatusOr<Config> config =
      LoadConfig(Write(required + "breaker: { cool_down: 10m }\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->breaker.longest_cool_down, absl::Minutes(10));
  const absl::Status status =
      LoadError(required + "breaker: { cool_down: 10s, longest_cool_down: 5s }\n");
  EXPECT_THAT(std::string(status.message()), HasSubstr("longest_cool_down"));
  EXPECT_THAT(std::string(LoadError(required + "breaker: { failures: -1 }\n").message()),
              HasSubstr("failures"));
}

TEST_F(ConfigTest, MissingFileIsNotFoundWithItsPath) {
  const absl::Status status = LoadConfig("/nonexistent/assayd.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent/assayd.yaml"));
}

}  // namespace
}  // namespace assay::server
