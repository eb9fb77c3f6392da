// Tests the selection of the energy meter.
#include "server/energy/energy_meter.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/server/energy/fake_powercap.h"

namespace assay::server {
namespace {

EnergySources NoSources() { return {.powercap = "", .nvml_library = "", .powermetrics = ""}; }

TEST(FindEnergyMeterTest, ReturnsNullWithoutSources) {
  EXPECT_EQ(FindEnergyMeter(NoSources()), nullptr);
  EXPECT_EQ(FindEnergyMeter({.powercap = "/nonexistent",
                             .nvml_library = "libassay-no-such-library.so.1",
                             .powermetrics = "/nonexistent"}),
            nullptr);
}

TEST(FindEnergyMeterTest, AddsCpusAndGpus) {
  const FakePowercap powercap;
  powercap.Add("intel-rapl:0", "package-0", 0, 1'000'000'000);
  setenv("ASSAY_FAKE_NVML_MJ", "0", 1);
  EnergySources sources = NoSources();
  sources.powercap = powercap.path();
  EXPECT_EQ(FindEnergyMeter(sources)->source(), "rapl");
  sources.nvml_library = ASSAY_FAKE_NVML;
  const auto meter = FindEnergyMeter(sources);
  ASSERT_NE(meter, nullptr);
  EXPECT_EQ(meter->source(), "rapl+nvml");
  powercap.SetEnergy("intel-rapl:0", 3'000'000);
  setenv("ASSAY_FAKE_NVML_MJ", "40000", 1);
  EXPECT_DOUBLE_EQ(meter->Joules(), 43);
}

TEST(FindEnergyMeterTest, IgnoresLoneGpuForModelsOnTheCpu) {
  setenv("ASSAY_FAKE_NVML_MJ", "0", 1);
  EnergySources sources = NoSources();
  sources.nvml_library = ASSAY_FAKE_NVML;
  EXPECT_EQ(FindEnergyMeter(sources), nullptr);
  sources.on_nvidia = true;
  const auto meter = FindEnergyMeter(sources);
  ASSERT_NE(meter, nullptr);
  EXPECT_EQ(meter->source(), "nvml");
}

}  // namespace
}  // namespace assay::server
