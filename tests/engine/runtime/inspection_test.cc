#include "engine/runtime/inspection.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/synthetic_models.h"

namespace assay::engine {
namespace {

class InspectionTest : public SyntheticModelTest {
 protected:
  void SetUp() override {
    SyntheticModelTest::SetUp();
    WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  }
};

TEST_F(InspectionTest, GoodModelLoadsAndFits) {
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  ASSERT_FALSE(inspection->devices.empty());
  EXPECT_TRUE(inspection->devices.back().Fits());
  EXPECT_TRUE(LanguageModel::Load(options_).ok());
}

TEST_F(InspectionTest, ACacheLargerThanTheMemoryDoesNotFit) {
  options_.cache_tokens = 2'000'000'000;
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  ASSERT_FALSE(inspection->devices.empty());
  for (const DeviceNeed& need : inspection->devices) EXPECT_FALSE(need.Fits()) << need.device;
}

// A regression test: the memory of another device was counted for the device of the options.
TEST_F(InspectionTest, TheDeviceOfTheOptionsIsFirst) {
  options_.device = {
      .kind = DeviceKind::kCuda, .name = "cuda:7", .default_dtype = "float16", .memory_bytes = 1};
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  ASSERT_GE(inspection->devices.size(), 2U);
  EXPECT_EQ(inspection->devices.front().device, "cuda:7");
  EXPECT_EQ(inspection->devices.front().dtype, "float16");
  EXPECT_FALSE(inspection->devices.front().Fits());
  EXPECT_EQ(inspection->devices.back().device, "cpu");
  // The CPU supports it, that device does not.
  options_.kv_cache = "int8";
  const auto refused = InspectModel(options_);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->loads.code(), absl::StatusCode::kUnimplemented) << refused->loads;
  EXPECT_EQ(refused->devices.back().device, "cpu");
}

// Strings in protos must be UTF-8.
TEST_F(InspectionTest, InvalidUtf8InTheNameIsReplaced) {
  WriteLlama(1, 256, 256, LlamaShapes(1, 256, 256), kQ4K, "Mod\xe8le");
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_EQ(inspection->name, "Mod\xEF\xBF\xBDle");
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->info().name, "Mod\xEF\xBF\xBDle");
}

TEST_F(InspectionTest, InvalidUtf8InTheTemplateIsReportedAndTheModelLoads) {
  WriteLlama(1, 256, 256, LlamaShapes(1, 256, 256), kQ4K, "model", "{{ messages }}\xe8");
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  EXPECT_EQ(inspection->chat_template, "cannot be read: it is not valid UTF-8 at byte 14");
}

}  // namespace
}  // namespace assay::engine
