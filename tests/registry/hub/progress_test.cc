// Tests of the progress of a pull.
#include "registry/hub/progress.h"

#include "gtest/gtest.h"

namespace assay::registry {
namespace {

TEST(ProgressTest, DiscardedBytesAreSubtracted) {
  PullProgress last;
  ProgressMeter meter([&last](const PullProgress& progress) { last = progress; });
  meter.SetTotals(100, 2);
  meter.AddKnown(30);
  meter.AddFetched(20);
  meter.AddKnown(-50);
  meter.AddFetched(100);
  meter.Finish();
  EXPECT_EQ(last.bytes_done, 100);
  EXPECT_EQ(meter.fetched(), 120);
  EXPECT_EQ(last.stage, PullStage::kDone);
}

}  // namespace
}  // namespace assay::registry
