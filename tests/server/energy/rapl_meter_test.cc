// Tests the RAPL meter against a fake powercap folder.
#include "server/energy/rapl_meter.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/server/energy/fake_powercap.h"

namespace assay::server {
namespace {

constexpr uint64_t kRange = 262'143'328'850;

TEST(RaplMeterTest, SumsOnlyPackages) {
  const FakePowercap powercap;
  powercap.Add("intel-rapl:0", "package-0", 1'000'000, kRange);
  powercap.Add("intel-rapl:1", "package-1", 7'000'000, kRange);
  powercap.Add("intel-rapl:0:0", "core", 1, kRange);
  powercap.Add("intel-rapl:0:1", "package-like", 1, kRange);
  powercap.Add("intel-rapl:2", "psys", 1, kRange);
  powercap.Add("intel-rapl-mmio:0", "package-0", 1, kRange);
  const auto meter = MakeRaplMeter(powercap.path());
  ASSERT_NE(meter, nullptr);
  EXPECT_EQ(meter->source(), "rapl");
  EXPECT_EQ(meter->Joules(), 0);
  powercap.SetEnergy("intel-rapl:0", 3'500'000);
  powercap.SetEnergy("intel-rapl:1", 7'250'000);
  for (const char* other :
       {"intel-rapl:0:0", "intel-rapl:0:1", "intel-rapl:2", "intel-rapl-mmio:0"}) {
    powercap.SetEnergy(other, 900'000'000);
  }
  EXPECT_DOUBLE_EQ(meter->Joules(), 2.75);
}

TEST(RaplMeterTest, HandlesWraparound) {
  const FakePowercap powercap;
  powercap.Add("intel-rapl:0", "package-0", kRange - 2'000'000, kRange);
  const auto meter = MakeRaplMeter(powercap.path());
  ASSERT_NE(meter, nullptr);
  powercap.SetEnergy("intel-rapl:0", 1'000'000);
  EXPECT_DOUBLE_EQ(meter->Joules(), 3.0);
}

TEST(RaplMeterTest, NoticesWraparoundBetweenReadings) {
  const FakePowercap powercap;
  powercap.Add("intel-rapl:0", "package-0", 0, 10'000'000);
  const auto meter = MakeRaplMeter(powercap.path(), absl::Milliseconds(1));
  ASSERT_NE(meter, nullptr);
  for (const uint64_t energy : {9'000'000, 4'000'000, 9'500'000, 1'000'000}) {
    powercap.SetEnergy("intel-rapl:0", energy);
    absl::SleepFor(absl::Milliseconds(200));
  }
  // The increments are 9, 5 (wrapped), 5.5 and 1.5 (wrapped).
  EXPECT_DOUBLE_EQ(meter->Joules(), 21.0);
}

TEST(RaplMeterTest, IgnoresFilesThatFailLater) {
  const FakePowercap powercap;
  powercap.Add("intel-rapl:0", "package-0", 0, kRange);
  const auto meter = MakeRaplMeter(powercap.path());
  ASSERT_NE(meter, nullptr);
  powercap.SetEnergy("intel-rapl:0", 4'000'000);
  EXPECT_DOUBLE_EQ(meter->Joules(), 4.0);
  powercap.Write("intel-rapl:0", "energy_uj", "-5");
  EXPECT_DOUBLE_EQ(meter->Joules(), 4.0);
  powercap.Remove("intel-rapl:0", "energy_uj");
  EXPECT_DOUBLE_EQ(meter->Joules(), 4.0);
}

TEST(RaplMeterTest, ReturnsNullWithoutReadableNumbers) {
  EXPECT_EQ(MakeRaplMeter("/nonexistent"), nullptr);
  const FakePowercap powercap;
  EXPECT_EQ(MakeRaplMeter(powercap.path()), nullptr);
  powercap.Add("intel-rapl:0", "psys", 1, kRange);
  EXPECT_EQ(MakeRaplMeter(powercap.path()), nullptr);
  powercap.Add("intel-rapl:0", "package-0", 1, kRange);
  EXPECT_NE(MakeRaplMeter(powercap.path()), nullptr);
  for (const char* bad : {"", "x", "-1", "1.5", "99999999999999999999999", "1e3", "0x10"}) {
    powercap.Write("intel-rapl:0", "energy_uj", bad);
    EXPECT_EQ(MakeRaplMeter(powercap.path()), nullptr) << bad;
  }
  powercap.SetEnergy("intel-rapl:0", 1);
  powercap.Remove("intel-rapl:0", "max_energy_range_uj");
  EXPECT_EQ(MakeRaplMeter(powercap.path()), nullptr);
}

}  // namespace
}  // namespace assay::server
