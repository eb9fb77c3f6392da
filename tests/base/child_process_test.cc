// Tests of child processes.
#include "base/child_process.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay {
namespace {

constexpr size_t kMaxOutputBytes = 1 << 20;

absl::StatusOr<ChildResult> RunShell(const std::string& script, const std::string& input = "",
                                     absl::Duration timeout = Patience()) {
  return RunChild({"sh", "-c", script}, input, SteadyTime::Now() + timeout, kMaxOutputBytes);
}

TEST(ChildProcessTest, PassesInputOutputsAndExitCode) {
  const std::string input(300'000, 'x');
  const absl::StatusOr<ChildResult> result = RunShell("cat; echo error >&2; exit 3", input);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, input);
  EXPECT_EQ(result->err, "error\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(ChildProcessTest, AChildMayIgnoreItsInput) {
  const absl::StatusOr<ChildResult> result = RunShell("echo done", std::string(300'000, 'x'));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, "done\n");
}

TEST(ChildProcessTest, ASignalIsPartOfTheExitCode) {
  const absl::StatusOr<ChildResult> result = RunShell("kill -9 $$");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 128 + 9);
}

TEST(ChildProcessTest, AMissingProgramIsNotFound) {
  const absl::StatusOr<ChildResult> result =
      RunChild({"/nonexistent/program"}, "", SteadyTime::InfiniteFuture(), kMaxOutputBytes);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
}

TEST(ChildProcessTest, ASlowChildIsStoppedAtTheDeadline) {
  const absl::Time start = absl::Now();
  const absl::StatusOr<ChildResult> result = RunShell("sleep 30", "", absl::Milliseconds(200));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(10)));
}

TEST(ChildProcessTest, TooMuchOutputIsResourceExhausted) {
  const absl::StatusOr<ChildResult> result = RunShell("yes");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(ChildProcessTest, ABackgroundProcessDoesNotDelayTheResult) {
  const absl::Time start = absl::Now();
  const absl::StatusOr<ChildResult> result = RunShell("sleep 30 & echo done");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, "done\n");
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(10)));
}

}  // namespace
}  // namespace assay
