// Tests of the examination of a device.
#include "engine/runtime/device_doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assay::engine {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using Verdict = DoctorFinding::Verdict;

std::vector<DoctorFinding> Findings(const std::string& device, const std::string& model,
                                    bool* well) {
  std::vector<DoctorFinding> findings;
  *well = ExamineDevice(device, model, [&](const DoctorFinding& f) { findings.push_back(f); });
  return findings;
}

auto Finding(Verdict verdict, const std::string& text) {
  return AllOf(Field(&DoctorFinding::verdict, verdict),
               Field(&DoctorFinding::text, HasSubstr(text)));
}

TEST(DeviceDoctorTest, TheCpuWithAModelIsWell) {
  bool well = false;
  const std::vector<DoctorFinding> findings =
      Findings("cpu", "tests/golden/runtime/tiny_tied.gguf", &well);
  for (const DoctorFinding& finding : findings) {
    EXPECT_EQ(finding.verdict, Verdict::kOk) << finding.text;
  }
  EXPECT_TRUE(well);
  EXPECT_THAT(findings, Contains(Finding(Verdict::kOk, "device cpu")));
  EXPECT_THAT(findings, Contains(Finding(Verdict::kOk, "operators in Half")));
  EXPECT_THAT(findings, Contains(Finding(Verdict::kOk, "heads of 80")));
  EXPECT_THAT(findings, Contains(Finding(Verdict::kOk, "the first 64 of 64 greedy tokens")));
  EXPECT_THAT(findings, Contains(Finding(Verdict::kOk, "beside a running generation")));
}

TEST(DeviceDoctorTest, AMissingDeviceIsTheOnlyFinding) {
  bool well = true;
  const std::vector<DoctorFinding> findings = Findings("cuda:99", "", &well);
  EXPECT_FALSE(well);
  ASSERT_EQ(findings.size(), 1);
  EXPECT_THAT(findings, Contains(Finding(Verdict::kFailed, "cuda:99")));
}

TEST(DeviceDoctorTest, AMissingModelFailsAfterTheOtherChecks) {
  bool well = true;
  const std::vector<DoctorFinding> findings = Findings("cpu", "/no/such/model.gguf", &well);
  EXPECT_FALSE(well);
  EXPECT_THAT(findings, Contains(Finding(Verdict::kOk, "operators in Float")));
  EXPECT_THAT(findings, Contains(Finding(Verdict::kFailed, "/no/such/model.gguf")));
}

}  // namespace
}  // namespace assay::engine
