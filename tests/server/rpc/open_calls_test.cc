// The calls that are not finished.
#include "server/rpc/open_calls.h"

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::server {
namespace {

class FakeCall final : public OpenCall {
 public:
  void Cancel() override { cancelled_.Notify(); }
  bool AwaitCancel(absl::Duration limit) {
    return cancelled_.WaitForNotificationWithTimeout(limit);
  }

 private:
  absl::Notification cancelled_;
};

TEST(OpenCallsTest, CallThatWaitsForItsReaderIsCancelledOnce) {
  OpenCalls calls(absl::Milliseconds(50), 100);
  FakeCall waiting;
  FakeCall working;
  FakeCall read;
  calls.Add(&waiting);
  calls.Add(&working);
  calls.Add(&read);
  waiting.BeginWait();
  read.BeginWait();
  read.EndWait();
  EXPECT_TRUE(waiting.AwaitCancel(Patience()));
  EXPECT_FALSE(working.AwaitCancel(absl::Milliseconds(100)));
  EXPECT_FALSE(read.AwaitCancel(absl::ZeroDuration()));
  EXPECT_EQ(calls.size(), 3U);
  for (FakeCall* call : {&waiting, &working, &read}) calls.Remove(call);
  EXPECT_EQ(calls.size(), 0U);
}

TEST(OpenCallsTest, BytesAreBounded) {
  OpenCalls calls(absl::Seconds(30), 100);
  EXPECT_TRUE(calls.Reserve(60));
  EXPECT_FALSE(calls.Reserve(41));
  EXPECT_TRUE(calls.Reserve(40));
  calls.Release(100);
  EXPECT_EQ(calls.bytes(), 0);
  // A message that is larger than the limit is served alone.
  EXPECT_TRUE(calls.Reserve(1000));
  EXPECT_FALSE(calls.Reserve(1));
}

}  // namespace
}  // namespace assay::server
