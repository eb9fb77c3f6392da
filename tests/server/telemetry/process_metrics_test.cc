// Tests the standard metrics of the test's own process.
#include "server/telemetry/process_metrics.h"

#include <map>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

std::map<std::string, double> CollectValues() {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : CollectProcessMetrics()) {
    const prometheus::ClientMetric& metric = family.metric.at(0);
    values[family.name] =
        family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  return values;
}

TEST(ProcessMetricsTest, ReportsThisProcessUnderTheStandardNames) {
  const std::map<std::string, double> values = CollectValues();
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_max_fds"}) {
    ASSERT_TRUE(values.contains(name)) << name;
    EXPECT_GT(values.at(name), 0) << name;
  }
}

#ifdef __linux__
TEST(ProcessMetricsTest, ReportsFilesThreadsAndStartTimeOnLinux) {
  const std::map<std::string, double> values = CollectValues();
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GE(values.at("process_threads"), 1);
  const double age = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()) -
                     values.at("process_start_time_seconds");
  EXPECT_GE(age, -2);
  EXPECT_LT(age, 3600);
}
#endif

}  // namespace
}  // namespace assay::server
