// Tests the machine probe on the machine that runs the test.
#include "server/telemetry/machine_probe.h"

#include <map>
#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(MachineProbeTest, ReportsEveryMetricWithPlausibleValues) {
  const auto probe = MakeMachineProbe(".");
  const absl::Time until = absl::Now() + absl::Milliseconds(200);
  volatile int work = 0;
  while (absl::Now() < until) work = work + 1;
  const std::map<std::string, double> values = probe->Read();
  for (const char* name :
       {"cpu_utilization_percentage", "system_memory_usage_percentage", "disk_usage_percentage"}) {
    ASSERT_TRUE(values.contains(name)) << name;
    EXPECT_GT(values.at(name), 0) << name;
    EXPECT_LE(values.at(name), 100) << name;
  }
  EXPECT_GT(values.at("system_memory_usage_megabytes"), 10);
  EXPECT_GT(values.at("disk_available_megabytes"), 0);
  EXPECT_GE(values.at("network_receive_megabytes"), 0);
}

TEST(MachineProbeTest, OmitsDiskMetricsForAMissingPath) {
  EXPECT_FALSE(MakeMachineProbe("/no/such/folder")->Read().contains("disk_usage_percentage"));
}

}  // namespace
}  // namespace assay::server
