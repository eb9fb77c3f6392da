// Tests of scorers that run a program.
#include "evaluator/scoring/command_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "tests/patience.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Score> ScoreBy(const std::string& script, absl::Duration timeout = Patience()) {
  const CommandScorer scorer(
      {.name = "brand", .version = "3", .command = {"/bin/sh", "-c", script}, .timeout = timeout});
  return scorer.ScoreText({.content_type = "linkedin",
                           .prompt = "Write.",
                           .text = "Größe \xff",
                           .finish_reason = "length"});
}

std::string Error(const std::string& script, absl::StatusCode code = absl::StatusCode::kInternal) {
  const absl::Status status = ScoreBy(script).status();
  EXPECT_EQ(status.code(), code) << status;
  return std::string(status.message());
}

TEST(CommandScorerTest, PassesTheTextAndReturnsTheScore) {
  const auto score = ScoreBy(
      R"(text=$(cat); case "$text" in
           *'"content_type":"linkedin"'*'Größe'*) echo '{"score": 7.5, "parts": {"tone": 3}}';;
         esac)");
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_EQ(score->overall, 7.5);
  EXPECT_EQ(score->parts.at("tone"), 3);
}

TEST(CommandScorerTest, TheProgramNeedNotReadItsInput) {
  EXPECT_EQ(ScoreBy("echo '{\"score\": 1}'")->overall, 1);
}

TEST(CommandScorerTest, ErrorsStateTheCause) {
  EXPECT_EQ(Error("echo no luck >&2; exit 3"), "scorer brand: exit code 3: no luck");
  EXPECT_EQ(Error("echo hello"),
            "scorer brand: standard output must be one JSON object, got 'hello'");
  EXPECT_EQ(Error("echo '{}'"), "scorer brand: \"score\" is missing or not a number");
  EXPECT_EQ(Error("echo '{\"score\": 11}'"),
            "scorer brand: \"score\" is 11; must be between 0 and 10");
  EXPECT_EQ(Error("echo '{\"score\": 1, \"parts\": {\"a\": \"b\"}}'"),
            "scorer brand: part \"a\" is not a finite number");
  EXPECT_EQ(Error("kill -9 $$"), "scorer brand: exit code 137: ");
  setenv("BRAND_API_KEY", "key-123456", 1);
  EXPECT_EQ(Error("echo $BRAND_API_KEY >&2; exit 3"),
            "scorer brand: exit code 3: (BRAND_API_KEY hidden)");
  unsetenv("BRAND_API_KEY");
  EXPECT_THAT(Error("yes", absl::StatusCode::kResourceExhausted),
              HasSubstr("wrote more than 1048576 bytes"));
  const CommandScorer none({.name = "brand", .command = {"/no/such/program"}});
  EXPECT_THAT(std::string(none.ScoreText({.text = "x"}).status().message()),
              HasSubstr("/no/such/program: cannot be started"));
}

TEST(CommandScorerTest, AHangingProgramIsKilledWithItsChildren) {
  const absl::Time start = absl::Now();
  const auto score = ScoreBy("sleep 30 & sleep 30", absl::Milliseconds(300));
  EXPECT_TRUE(absl::IsDeadlineExceeded(score.status())) << score.status();
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(10)));
}

TEST(CommandScorerTest, StandardStreamsCanBeOpenedByName) {
  EXPECT_EQ(
      ScoreBy("text=$(cat /dev/stdin); [ -n \"$text\" ] && echo '{\"score\": 2}' >/dev/stdout")
          ->overall,
      2);
  EXPECT_EQ(Error("echo no luck >/dev/stderr; exit 3"), "scorer brand: exit code 3: no luck");
}

TEST(CommandScorerTest, TheProgramNeedNotReadALongText) {
  const std::string text(8 << 20, 'x');
  const CommandScorer scorer(
      {.name = "brand", .command = {"/bin/sh", "-c", "exec <&-; echo '{\"score\": 3}'"}});
  EXPECT_EQ(scorer.ScoreText({.content_type = "blog", .text = text})->overall, 3);
}

TEST(CommandScorerTest, PassesALongTextCompletely) {
  const std::string text(4 << 20, 'x');
  const CommandScorer scorer({.name = "brand",
                              .command = {"/bin/sh", "-c",
                                          "n=$(tr -cd x | wc -c); [ $n -gt 4194303 ] && echo "
                                          "'{\"score\": 4}'"}});
  const auto score = scorer.ScoreText({.content_type = "blog", .text = text});
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_EQ(score->overall, 4);
}

TEST(CommandScorerTest, BackgroundChildrenDoNotDelayTheScoreAndAreKilled) {
  const absl::Time start = absl::Now();
  const std::string mark = testing::TempDir() + "/assay_scorer_left." + std::to_string(getpid());
  EXPECT_EQ(ScoreBy("(sleep 2; touch " + mark + ") & echo '{\"score\": 5}'")->overall, 5);
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(2)));
  absl::SleepFor(absl::Seconds(3));
  EXPECT_NE(access(mark.c_str(), F_OK), 0) << mark;
}

#ifdef __linux__
TEST(CommandScorerTest, DoesNotInheritBlockedSignals) {
  sigset_t signals;
  sigset_t before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  // The command uses no shell, because dash unblocks signals itself.
  const CommandScorer scorer({.name = "brand", .command = {"grep", "SigBlk", "/proc/self/status"}});
  const auto score = scorer.ScoreText({.text = "x"});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(std::string(score.status().message()), HasSubstr("SigBlk: 0000000000000000"));
}
#endif

TEST(CommandScorerTest, DoesNotInheritFileDescriptors) {
  const int ours = dup2(STDERR_FILENO, 77);
  EXPECT_EQ(ScoreBy("if [ -e /proc/self/fd/77 ]; then exit 1; fi; echo '{\"score\": 6}'")->overall,
            6);
  close(ours);
}

TEST(CommandScorerTest, ErrorsAreShortValidUtf8) {
  const std::string error = Error(
      "i=0; while [ $i -lt 150 ]; do printf 'a\\303\\274\\377' >&2; i=$((i+1)); done; exit 1");
  EXPECT_LE(error.size(), 300U);
  // dump() throws on invalid UTF-8.
  EXPECT_NO_THROW(nlohmann::json(error).dump());
}

TEST(CommandScorerTest, RejectsTooManyPartsAndNonFiniteScores) {
  EXPECT_THAT(
      Error("printf '{\"score\": 1, \"parts\": {\"a\": 1'; i=0; while [ $i -lt 70 ]; do printf "
            "', \"p%d\": 1' $i; i=$((i+1)); done; echo '}}'"),
      HasSubstr("more than 64 names"));
  EXPECT_THAT(Error("echo '{\"score\": NaN}'"), HasSubstr("must be one JSON object"));
  EXPECT_THAT(Error("echo '{\"score\": 1e999}'"), HasSubstr("must be one JSON object"));
}

}  // namespace
}  // namespace assay::evaluator
