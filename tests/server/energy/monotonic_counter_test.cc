// Tests the wraparound and reset handling of MonotonicCounter.
#include "server/energy/monotonic_counter.h"

#include <gtest/gtest.h>

namespace assay::server {
namespace {

TEST(MonotonicCounterTest, AddsDifferences) {
  MonotonicCounter counter(100, 1000);
  counter.Update(150);
  counter.Update(150);
  counter.Update(151);
  EXPECT_EQ(counter.total(), 51U);
}

TEST(MonotonicCounterTest, HandlesWraparound) {
  MonotonicCounter counter(990, 1000);
  counter.Update(5);
  EXPECT_EQ(counter.total(), 15U);
  counter.Update(1000);
  counter.Update(0);
  EXPECT_EQ(counter.total(), 1010U);
}

TEST(MonotonicCounterTest, CountsOnlyFromAReset) {
  MonotonicCounter counter(5000, 0);
  counter.Update(40);
  EXPECT_EQ(counter.total(), 40U);
}

}  // namespace
}  // namespace assay::server
