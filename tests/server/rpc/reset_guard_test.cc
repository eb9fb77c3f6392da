// Connections that start calls only to cancel them.
#include "server/rpc/reset_guard.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(ResetGuardTest, OnlyThePeerThatCancelsTooMuchIsDisconnectedOnce) {
  std::vector<std::string> disconnected;
  ResetGuard guard({.burst = 3, .per_second = 0},
                   [&](const std::string& peer) { disconnected.push_back(peer); });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(guard.Count("ipv4:10.0.0.1:1"));
  EXPECT_TRUE(guard.Count("ipv4:10.0.0.1:2"));
  EXPECT_TRUE(disconnected.empty());
  EXPECT_FALSE(guard.Count("ipv4:10.0.0.1:1"));
  EXPECT_FALSE(guard.Count("ipv4:10.0.0.1:1"));
  EXPECT_THAT(disconnected, testing::ElementsAre("ipv4:10.0.0.1:1"));
}

TEST(ResetGuardTest, AllowanceReturnsWithTime) {
  ResetGuard guard({.burst = 1, .per_second = 1000}, [](const std::string& /*peer*/) { FAIL(); });
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(guard.Count("peer"));
    absl::SleepFor(absl::Milliseconds(20));
  }
}

}  // namespace
}  // namespace assay::server
