// assay pull, against a scripted server.
#include <cstdint>
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kMiB = int64_t{1} << 20;

v1::PullModelResponse Progress(int64_t done) {
  v1::PullModelResponse event;
  v1::PullProgress* progress = event.mutable_progress();
  progress->set_stage("downloading");
  progress->set_file("model\x1b[31m.gguf");
  progress->set_bytes_done(done);
  progress->set_bytes_total(100 * kMiB);
  if (done == 0) return event;
  progress->set_bytes_per_second(static_cast<double>(8 * kMiB));
  progress->set_time_left_seconds(65);
  return event;
}

class PullTest : public ::testing::Test {
 protected:
  // Runs a pull that sends two events of progress, then the result or the failure.
  CliResult Pull(int64_t done, const grpc::Status& end, bool terminal = false) {
    daemon_.models.pull = [done, end](Writer<v1::PullModelResponse>& writer) {
      writer.Write(Progress(0));
      writer.Write(Progress(done));
      v1::PullModelResponse last;
      last.mutable_result()->set_commit("0123abc");
      last.mutable_result()->set_path("/cache/model.gguf");
      last.mutable_result()->set_fetched_bytes(60 * kMiB);
      last.mutable_result()->set_present_bytes(40 * kMiB);
      if (end.ok()) writer.Write(last);
      return end;
    };
    return daemon_.Run({"pull", "tiny"}, {.err_is_terminal = terminal});
  }

  FakeDaemon daemon_;
};

TEST_F(PullTest, TerminalShowsBytesRateAndTimeLeftOnOneLine) {
  const CliResult result = Pull(50 * kMiB, grpc::Status::OK, /*terminal=*/true);
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.err,
              HasSubstr("[############............] 50.0 MiB of 100.0 MiB, 8.0 MiB/s, 1m 05s"));
  EXPECT_THAT(result.err, Not(HasSubstr("\n")));
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b[31m")));
  EXPECT_EQ(result.out,
            "tiny: 60.0 MiB downloaded, 40.0 MiB already there, commit 0123abc\n"
            "/cache/model.gguf\n");
}

TEST_F(PullTest, LinesAreRareOffATerminal) {
  const CliResult result = Pull(50 * kMiB, grpc::Status::OK);
  EXPECT_EQ(result.err, "pulling tiny: 0.0 MiB of 100.0 MiB  downloading model[31m.gguf\n");
}

TEST_F(PullTest, FailureMentionsResumingOnlyIfBytesWereDownloaded) {
  const grpc::Status broken(grpc::StatusCode::UNAVAILABLE, "the Hub does not answer");
  EXPECT_THAT(Pull(50 * kMiB, broken).err, HasSubstr("`assay pull tiny` continues from there"));
  const CliResult nothing = Pull(0, broken);
  EXPECT_NE(nothing.code, kExitOk);
  EXPECT_THAT(nothing.err, HasSubstr("the Hub does not answer"));
  EXPECT_THAT(nothing.err, Not(HasSubstr("continues")));
}

}  // namespace
}  // namespace assay::client
