// Compares the Llama architecture with transformers, on the models of
// tests/golden/runtime/make_tiny_llama.py.
#include "engine/runtime/language_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/runtime/likelihood.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "tests/engine/runtime/tiny_models.h"

namespace assay::engine {
namespace {

constexpr float kTolerance = 1e-4F;

// The logits and greedy tokens of transformers.
struct Golden {
  std::vector<TokenId> prompt;
  std::vector<TokenId> greedy;
  std::vector<float> logits;
};

Golden ReadGolden(const std::string& name) {
  std::ifstream text(kTinyModels + name + ".json");
  const nlohmann::json json = nlohmann::json::parse(text);
  Golden golden{json["prompt"], json["greedy"], {}};
  const std::string path = kTinyModels + name + ".f32";
  golden.logits.resize(std::filesystem::file_size(path) / sizeof(float));
  std::ifstream data(path, std::ios::binary);
  data.read(reinterpret_cast<char*>(golden.logits.data()),
            static_cast<std::streamsize>(golden.logits.size() * sizeof(float)));
  return golden;
}

float MaxDifference(const std::vector<float>& a, const std::vector<float>& b) {
  float max = a.size() == b.size() ? 0.0F : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    max = std::max(max, std::abs(a[i] - b[i]));
  }
  return max;
}

class LanguageModelTest : public ::testing::TestWithParam<const char*> {};

// A chunk of 1 is a decoding step; 7 does not divide the length of the prompt.
TEST_P(LanguageModelTest, LogitsMatchTransformersForAnyChunkSize) {
  const Golden golden = ReadGolden(GetParam());
  for (const int chunk : {256, 7, 1}) {
    LoadOptions options = TinyModelOptions(GetParam());
    options.prefill_chunk = chunk;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto logits = (*model)->Logits(golden.prompt);
    ASSERT_TRUE(logits.ok()) << logits.status();
    EXPECT_LE(MaxDifference(*logits, golden.logits), kTolerance) << "chunk " << chunk;
  }
}

TEST_P(LanguageModelTest, GreedyTokensMatchTransformers) {
  const Golden golden = ReadGolden(GetParam());
  for (const int chunk : {256, 7}) {
    LoadOptions options = TinyModelOptions(GetParam());
    options.prefill_chunk = chunk;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    GenerationRequest request;
    request.prompt.tokens = golden.prompt;
    request.max_new_tokens = static_cast<int>(golden.greedy.size());
    request.ignore_end_of_text = true;
    const auto result = (*model)->Generate(request, nullptr);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tokens, golden.greedy) << "chunk " << chunk;
  }
}

TEST_P(LanguageModelTest, ASecondRequestIsIndependentOfTheFirst) {
  const Golden golden = ReadGolden(GetParam());
  const auto model = LanguageModel::Load(TinyModelOptions(GetParam()));
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE((*model)->Logits(std::vector<TokenId>(100, 3)).ok());
  const auto logits = (*model)->Logits(golden.prompt);
  ASSERT_TRUE(logits.ok()) << logits.status();
  EXPECT_LE(MaxDifference(*logits, golden.logits), kTolerance);
}

TEST_P(LanguageModelTest, HalfPrecisionIsClose) {
  const Golden golden = ReadGolden(GetParam());
  const float largest =
      std::abs(*std::max_element(golden.logits.begin(), golden.logits.end(),
                                 [](float a, float b) { return std::abs(a) < std::abs(b); }));
  for (const char* dtype : {"bfloat16", "float16"}) {
    LoadOptions options = TinyModelOptions(GetParam());
    options.dtype = dtype;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_EQ((*model)->info().dtype, dtype);
    const auto logits = (*model)->Logits(golden.prompt);
    ASSERT_TRUE(logits.ok()) << logits.status();
    EXPECT_LE(MaxDifference(*logits, golden.logits), 0.1F * largest) << dtype;
    EXPECT_GT(MaxDifference(*logits, golden.logits), 0.0F) << dtype;
  }
}

TEST_P(LanguageModelTest, Int8KvCacheIsClose) {
  const Golden golden = ReadGolden(GetParam());
  const float largest =
      std::abs(*std::max_element(golden.logits.begin(), golden.logits.end(),
                                 [](float a, float b) { return std::abs(a) < std::abs(b); }));
  for (const int chunk : {256, 7, 1}) {
    LoadOptions options = TinyModelOptions(GetParam());
    options.kv_cache = "int8";
    options.prefill_chunk = chunk;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto logits = (*model)->Logits(golden.prompt);
    ASSERT_TRUE(logits.ok()) << logits.status();
    // The tolerance is that of half precision: the weights are random, and scores can be large.
    // That the kernel adds no error to the rounding is tested in paged_attention_test.
    EXPECT_LE(MaxDifference(*logits, golden.logits), 0.1F * largest) << chunk;
    EXPECT_GT(MaxDifference(*logits, golden.logits), 0.0F) << chunk;
    const auto estimate = LanguageModel::EstimateBytes(options);
    ASSERT_TRUE(estimate.ok()) << estimate.status();
    EXPECT_GE(*estimate, (*model)->info().weight_bytes + (*model)->info().kv_cache_bytes);
  }
}

TEST_P(LanguageModelTest, WithAnInt8KvCacheTextsDoNotDependOnOtherRequests) {
  LoadOptions options = TinyModelOptions(GetParam());
  options.weights = "auto";
  options.kv_cache = "int8";
  const auto model = LanguageModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<GenerationRequest> requests(6);
  std::vector<std::vector<TokenId>> alone;
  for (size_t i = 0; i < requests.size(); ++i) {
    for (size_t t = 0; t < 5 + 9 * i; ++t) {
      requests[i].prompt.tokens.push_back(static_cast<TokenId>(3 + (t * 7 + i * 11) % 40));
    }
    requests[i].max_new_tokens = 24;
    requests[i].ignore_end_of_text = true;
    const auto result = (*model)->Generate(requests[i], nullptr);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->tokens.size(), 24U);
    alone.push_back(result->tokens);
  }
  std::vector<std::shared_ptr<GenerationStream>> streams;
  for (const GenerationRequest& request : requests) streams.push_back(*(*model)->Submit(request));
  for (size_t i = 0; i < streams.size(); ++i) {
    absl::StatusOr<GenerationResult> together = absl::UnknownError("no result");
    while (auto event = streams[i]->Next(absl::Seconds(20))) {
      if (auto* end = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) together = *end;
    }
    ASSERT_TRUE(together.ok()) << together.status();
    EXPECT_EQ(together->tokens, alone[i]) << i;
  }
}

TEST_P(LanguageModelTest, EstimateIsACloseUpperBound) {
  int64_t before = std::numeric_limits<int64_t>::max();
  for (const char* weights : {"full", "int8", "int4"}) {
    LoadOptions options = TinyModelOptions(GetParam());
    options.weights = weights;
    const auto estimate = LanguageModel::EstimateBytes(options);
    ASSERT_TRUE(estimate.ok()) << estimate.status();
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    const int64_t resident = (*model)->info().weight_bytes + (*model)->info().kv_cache_bytes;
    EXPECT_GE(*estimate, resident) << weights;
    // The rest is activations, the tokenizer and the texts that wait. Quantization reduces both
    // numbers.
    const int64_t texts =
        MaxLikelihoodBytes(Scheduler::MaxTexts(options.max_running, options.max_waiting),
                           Scheduler::kMaxTextBytes, (*model)->info().context_length);
    EXPECT_LE(*estimate - resident - texts, 1 << 22) << weights;
    EXPECT_LE(resident, before) << weights;
    before = resident;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, LanguageModelTest, ::testing::Values("tiny_tied", "tiny_odd"),
                         [](const auto& info) { return std::string(info.param); });

// A step has greedy and sampled choices.
TEST(LanguageModelGenerateTest, SampledAndGreedyTextsInOneStepMatchThoseAlone) {
  for (const bool cpu_kernels : {true, false}) {
    LoadOptions options = TinyModelOptions("tiny_tied");
    options.cpu_kernels = cpu_kernels;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    std::vector<GenerationRequest> requests(6);
    for (size_t i = 0; i < requests.size(); ++i) {
      requests[i].prompt.tokens = std::vector<TokenId>(i + 1, 5);
      requests[i].max_new_tokens = 30;
      requests[i].ignore_end_of_text = true;
      if (i % 2 == 0) requests[i].sampling = {.temperature = 1.0F, .seed = i};
    }
    std::vector<std::shared_ptr<GenerationStream>> streams;
    for (const GenerationRequest& request : requests) streams.push_back(*(*model)->Submit(request));
    for (size_t i = 0; i < requests.size(); ++i) {
      absl::StatusOr<GenerationResult> together = absl::UnknownError("no result");
      while (auto event = streams[i]->Next(absl::Seconds(20))) {
        if (auto* end = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) together = *end;
      }
      ASSERT_TRUE(together.ok()) << together.status();
      EXPECT_EQ(together->tokens, (*model)->Generate(requests[i], nullptr)->tokens) << i;
    }
  }
}

TEST(LanguageModelGenerateTest, TextEndsAtTheContextLength) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  options.context_length = 32;
  const auto model = LanguageModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  GenerationRequest request;
  request.prompt.tokens = std::vector<TokenId>(20, 5);
  request.ignore_end_of_text = true;
  const auto result = (*model)->Generate(request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tokens.size(), 12U);
  EXPECT_EQ(result->finish_reason, FinishReason::kLength);
}

}  // namespace
}  // namespace assay::engine
