// The instruction sets that the kernels are compiled for and this machine supports.
#ifndef ASSAY_TESTS_ENGINE_KERNELS_TARGETS_H_
#define ASSAY_TESTS_ENGINE_KERNELS_TARGETS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "hwy/targets.h"

namespace assay::engine {

// A test that runs once for each instruction set; the kernels that it calls use that one.
class TargetTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

inline std::vector<int64_t> Targets() {
  std::vector<int64_t> targets;
  for (const int64_t target : {HWY_AVX3_DL, HWY_AVX2, HWY_SSE4, HWY_NEON}) {
    if ((hwy::SupportedTargets() & HWY_TARGETS & target) != 0) targets.push_back(target);
  }
  return targets;
}

inline std::string TargetTestName(const ::testing::TestParamInfo<int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_KERNELS_TARGETS_H_
