#include "engine/runtime/inspection.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/trim_heap.h"
#include "engine/runtime/language_model.h"
#include "nlohmann/json.hpp"
#include "tests/engine/cost.h"
#include "tests/engine/formats/gguf_bytes.h"
#include "tests/engine/runtime/resident_memory.h"
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

// Returns `count` spellings of tokens.
std::vector<std::string> Spellings(int count) {
  std::vector<std::string> spellings;
  for (int i = 0; i < count; ++i) spellings.push_back(absl::StrCat("a", i));
  return spellings;
}

// A regression test: inspections took memory that no budget counted.
class InspectionMemoryTest : public InspectionTest {
 protected:
  static constexpr int kTokens = 200'000;

  void SetUp() override {
    InspectionTest::SetUp();
    if (ResidentBytes() == 0) GTEST_SKIP() << "no /proc on this system";
    if (kSlowness > 1) GTEST_SKIP() << "a sanitizer takes memory of its own";
  }

  void WriteLargeTokenizerJson() const {
    nlohmann::json vocabulary;
    for (const std::string& spelling : Spellings(kTokens)) {
      vocabulary[spelling] = vocabulary.size();
    }
    const nlohmann::json model = {
        {"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}};
    std::ofstream(folder_ + "/tokenizer.json") << nlohmann::json{{"model", model}};
  }

  void WriteLargeGguf() {
    options_.path = folder_ + "/large.gguf";
    options_.context_length = 8;
    Bytes bytes = Bytes::Header(1, 9);
    bytes.Key("general.architecture", kString).String("llama");
    for (const char* key : {"block_count", "embedding_length", "feed_forward_length",
                            "attention.head_count", "context_length"}) {
      const bool heads = std::string(key) == "attention.head_count";
      bytes.Key(absl::StrCat("llama.", key), kUint32).Put(uint32_t{heads ? 1U : 8U});
    }
    bytes.Key("llama.attention.layer_norm_rms_epsilon", kFloat32).Put(1e-5F);
    bytes.Key("tokenizer.ggml.model", kString).String("gpt2");
    bytes.Strings("tokenizer.ggml.tokens", Spellings(kTokens));
    bytes.Tensor("token_embd.weight", {8, kTokens}, kF32, 0).Data(size_t{4} * 8 * kTokens);
    std::ofstream(options_.path, std::ios::binary) << bytes.text();
  }

  void ExpectEnoughReserved() {
    int64_t reserved = 0;
    bool held = false;
    TrimHeap();
    ResetPeak();
    const int64_t before = ResidentBytes();
    const auto inspection = InspectModel(options_, [&](int64_t bytes) {
      reserved = bytes;
      held = true;
      return std::shared_ptr<void>(&held, [](void* flag) { *static_cast<bool*>(flag) = false; });
    });
    const int64_t taken = PeakResidentBytes() - before;
    ASSERT_TRUE(inspection.ok()) << inspection.status();
    EXPECT_FALSE(held);
    EXPECT_GT(taken, int64_t{8} << 20);
    EXPECT_LT(taken, reserved);
    EXPECT_LT(reserved, 4 * taken);
  }
};

TEST_F(InspectionMemoryTest, AFolderTakesNoMoreThanItReserves) {
  WriteLargeTokenizerJson();
  ExpectEnoughReserved();
}

TEST_F(InspectionMemoryTest, AGgufFileTakesNoMoreThanItReserves) {
  WriteLargeGguf();
  ExpectEnoughReserved();
}

TEST_F(InspectionTest, IsRefusedWithoutMemory) {
  const auto refused = InspectModel(options_, [](int64_t /*bytes*/) {
    return absl::StatusOr<std::shared_ptr<void>>(absl::ResourceExhaustedError("no memory"));
  });
  EXPECT_EQ(refused.status(), absl::ResourceExhaustedError("no memory"));
}

}  // namespace
}  // namespace assay::engine
