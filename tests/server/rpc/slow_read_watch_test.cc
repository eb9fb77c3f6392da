// Which connections are read too slowly.
#include "server/rpc/slow_read_watch.h"

#include <cmath>
#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr double kMiB = 1 << 20;

// Looks at a connection for some seconds. `read` has the MiB that gRPC has read after so many
// seconds. Returns the second in which the connection is closed, or -1.
template <typename Read>
double ClosedAfter(double seconds, const Read& read, int64_t unread, bool sends = false,
                   bool has_progress = false) {
  SlowReadWatch watch;
  // An idle connection.
  absl::Duration now = absl::Seconds(1000);
  watch.Look({.now = now});
  now += absl::Hours(1);
  for (double t = 0; t < seconds; t += absl::ToDoubleSeconds(kLook)) {
    now += kLook;
    const auto bytes = static_cast<uint64_t>(read(t) * kMiB);
    if (watch.Look({.now = now,
                    .read = bytes,
                    .sent = sends ? bytes / 1000 : 0,
                    .unread = unread,
                    .has_progress = has_progress})) {
      return t;
    }
  }
  return -1;
}

TEST(SlowReadWatchTest, HeaderThatDoesNotEndIsClosed) {
  // 24 MiB cost 24 s: what was measured with gRPC 1.51.
  const double t = ClosedAfter(30, [](double s) { return std::sqrt(24 * s); }, 1 << 20);
  EXPECT_GT(t, 0.3);
  EXPECT_LT(t, 3);
  // A processor that is four times as fast.
  EXPECT_LT(ClosedAfter(30, [](double s) { return std::sqrt(96 * s); }, 1 << 20), 3);
  EXPECT_GE(ClosedAfter(30, [](double s) { return std::sqrt(96 * s); }, 1 << 20), 0);
}

TEST(SlowReadWatchTest, UploadsAreNot) {
  // Many requests side by side, on a fast network.
  EXPECT_EQ(ClosedAfter(3, [](double s) { return 300 * s; }, 1 << 20), -1);
  // On a busy machine.
  EXPECT_EQ(ClosedAfter(10, [](double s) { return 20 * s; }, 1 << 20), -1);
  // On a slow network nothing waits.
  EXPECT_EQ(ClosedAfter(60, [](double s) { return 0.5 * s; }, 100), -1);
  // The server sends for the bodies.
  EXPECT_EQ(ClosedAfter(60, [](double s) { return 4 * s; }, 1 << 20, /*sends=*/true), -1);
  // Requests are complete.
  EXPECT_EQ(ClosedAfter(60, [](double s) { return 4 * s; }, 1 << 20, false, true), -1);
}

}  // namespace
}  // namespace assay::server
