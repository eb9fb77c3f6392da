// Tests the NVML meter against a fake library.
#include "server/energy/nvml_meter.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace assay::server {
namespace {

class NvmlMeterTest : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("ASSAY_FAKE_NVML_INIT");
    SetCounters("");
  }
  static void SetCounters(const char* list) { setenv("ASSAY_FAKE_NVML_MJ", list, 1); }
  static std::unique_ptr<evaluator::EnergyMeter> Make() { return MakeNvmlMeter(ASSAY_FAKE_NVML); }
};

TEST_F(NvmlMeterTest, SumsDevicesThatReportEnergy) {
  SetCounters("1000,x,250");
  const auto meter = Make();
  ASSERT_NE(meter, nullptr);
  EXPECT_EQ(meter->source(), "nvml");
  EXPECT_EQ(meter->Joules(), 0);
  SetCounters("3000,77,750");
  EXPECT_DOUBLE_EQ(meter->Joules(), 2.5);
}

TEST_F(NvmlMeterTest, NeverDecreases) {
  SetCounters("5000");
  const auto meter = Make();
  ASSERT_NE(meter, nullptr);
  SetCounters("6000");
  EXPECT_DOUBLE_EQ(meter->Joules(), 1);
  SetCounters("x");
  EXPECT_DOUBLE_EQ(meter->Joules(), 1);
  // The driver was reloaded.
  SetCounters("500");
  EXPECT_DOUBLE_EQ(meter->Joules(), 1.5);
}

TEST_F(NvmlMeterTest, ReturnsNullWithoutLibraryFunctionsOrDevices) {
  EXPECT_EQ(MakeNvmlMeter("libassay-no-such-library.so.1"), nullptr);
  EXPECT_EQ(MakeNvmlMeter(ASSAY_INCOMPLETE_NVML), nullptr);
  EXPECT_EQ(Make(), nullptr);
  SetCounters("x");
  EXPECT_EQ(Make(), nullptr);
  SetCounters("1");
  EXPECT_NE(Make(), nullptr);
  // NVML_ERROR_DRIVER_NOT_LOADED
  setenv("ASSAY_FAKE_NVML_INIT", "9", 1);
  EXPECT_EQ(Make(), nullptr);
}

TEST_F(NvmlMeterTest, BalancesInitAndShutdown) {
  void* library = dlopen(ASSAY_FAKE_NVML, RTLD_NOW);
  ASSERT_NE(library, nullptr);
  const auto live = reinterpret_cast<int (*)()>(dlsym(library, "FakeNvmlLive"));
  EXPECT_EQ(Make(), nullptr);
  EXPECT_EQ(live(), 0);
  SetCounters("1");
  {
    const auto meter = Make();
    EXPECT_EQ(live(), 1);
  }
  EXPECT_EQ(live(), 0);
  dlclose(library);
}

}  // namespace
}  // namespace assay::server
