// Every architecture against transformers, on the checkpoints of
// tests/golden/architectures/make_checkpoints.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/runtime/language_model.h"

namespace assay::engine {
namespace {

constexpr float kTolerance = 1e-4F;
// A multiple of the error of transformers' own logits in half precision on the same checkpoint. The
// rounding errors differ, but are not larger.
constexpr float kHalfTolerance = 2.0F;
// A multiple of what quantized weights change in the logits of the CPU kernels.
constexpr float kQuantizedTolerance = 2.0F;
constexpr int kContext = 96;

std::string Folder(const std::string& name) {
  const char* root = std::getenv("ASSAY_TEST_CHECKPOINTS");
  return std::string(root != nullptr ? root : ASSAY_CHECKPOINTS) + "/" + name + "/";
}

std::vector<float> ReadFloats(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::vector<float> floats(std::filesystem::file_size(path) / sizeof(float));
  file.read(reinterpret_cast<char*>(floats.data()),
            static_cast<std::streamsize>(floats.size() * sizeof(float)));
  return floats;
}

float MaxDifference(const std::vector<float>& a, const std::vector<float>& b) {
  float max = a.size() == b.size() ? 0.0F : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    max = std::isnan(difference) ? INFINITY : std::max(max, difference);
  }
  return max;
}

// The tokens of a whole batch.
constexpr int kCacheTokens = 512;

class ArchitectureTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::ifstream file(Folder(GetParam()) + "golden.json");
    ASSERT_TRUE(file) << Folder(GetParam()) << " has no golden.json: run make_checkpoints.py";
    const nlohmann::json golden = nlohmann::json::parse(file);
    prompt_ = golden["prompt"].get<std::vector<TokenId>>();
    greedy_ = golden["greedy"].get<std::vector<TokenId>>();
    lengths_ = golden["batch_lengths"].get<std::vector<size_t>>();
    half_precision_error_ = golden["half_precision_error"].get<std::map<std::string, float>>();
  }

  // `kernels`: uses the CPU kernels, otherwise libtorch's operators as on other devices.
  std::unique_ptr<LanguageModel> Load(int chunk, bool kernels, const std::string& dtype = "float32",
                                      const std::string& weights = "auto",
                                      int cache_tokens = kCacheTokens) {
    LoadOptions options;
    options.path = Folder(GetParam());
    options.device = *ResolveDevice("cpu");
    options.context_length = kContext;
    options.prefill_chunk = chunk;
    options.dtype = dtype;
    options.weights = weights;
    options.cpu_kernels = kernels;
    options.kv_cache = "float32";
    options.cache_tokens = cache_tokens;
    auto model = LanguageModel::Load(options);
    EXPECT_TRUE(model.ok()) << model.status();
    return model.ok() ? *std::move(model) : nullptr;
  }

  void ExpectNear(const absl::StatusOr<std::vector<float>>& logits, const std::string& golden,
                  bool kernels) {
    ASSERT_TRUE(logits.ok()) << logits.status();
    const float difference = MaxDifference(*logits, ReadFloats(Folder(GetParam()) + golden));
    EXPECT_LE(difference, kTolerance) << (kernels ? "CPU kernels" : "libtorch");
    // docs/reference/architectures.md has a table of these values.
    RecordProperty(golden + (kernels ? ".cpu" : ".libtorch"), std::to_string(difference));
  }

  std::vector<TokenId> prompt_;
  std::vector<TokenId> greedy_;
  std::vector<size_t> lengths_;
  std::map<std::string, float> half_precision_error_;
};

// 7 does not divide the length of the prompt, so the last chunk is partial.
TEST_P(ArchitectureTest, PrefillMatchesTransformers) {
  for (const int chunk : {256, 7}) {
    for (const bool kernels : {true, false}) {
      const auto model = Load(chunk, kernels);
      ASSERT_NE(model, nullptr);
      ExpectNear(model->Logits(prompt_), "prefill.f32", kernels);
    }
  }
}

TEST_P(ArchitectureTest, DecodingStepByStepMatchesTransformers) {
  // These two rotate positions depending on the length of the sequence. Logits() uses the length of
  // the whole prompt from the start, as transformers does for a prompt.
  const std::string name = GetParam();
  const bool by_length = name == "llama_dynamic" || name == "phi3_longrope";
  for (const bool kernels : {true, false}) {
    const auto model = Load(1, kernels);
    ASSERT_NE(model, nullptr);
    ExpectNear(model->Logits(prompt_), by_length ? "prefill.f32" : "decode.f32", kernels);
  }
}

TEST_P(ArchitectureTest, BatchOfUnequalLengthsMatchesTransformers) {
  const std::string name = GetParam();
  if (name == "llama_dynamic" || name == "phi3_longrope") {
    GTEST_SKIP() << "transformers rotates a whole batch by the length of its longest sequence";
  }
  std::vector<std::vector<TokenId>> sequences;
  for (const size_t length : lengths_) {
    sequences.emplace_back(prompt_.begin(), prompt_.begin() + static_cast<int64_t>(length));
  }
  for (const bool kernels : {true, false}) {
    const auto model = Load(256, kernels);
    ASSERT_NE(model, nullptr);
    const auto rows = model->BatchLogits(sequences);
    ASSERT_TRUE(rows.ok()) << rows.status();
    std::vector<float> all;
    for (const std::vector<float>& row : *rows) all.insert(all.end(), row.begin(), row.end());
    ExpectNear(all, "batch.f32", kernels);
  }
}

TEST_P(ArchitectureTest, GreedyTokensMatchTransformers) {
  GenerationRequest request;
  request.prompt.tokens = prompt_;
  request.max_new_tokens = static_cast<int>(greedy_.size());
  request.ignore_end_of_text = true;
  for (const bool kernels : {true, false}) {
    const auto model = Load(16, kernels);
    ASSERT_NE(model, nullptr);
    const auto result = model->Generate(request, nullptr);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tokens, greedy_) << (kernels ? "CPU kernels" : "libtorch");
  }
}

// Two requests grow until the KV cache holds only one: the second is preempted and recomputed in
// one prefill. Scalings that depend on the length must then not use the whole length for all
// positions.
TEST_P(ArchitectureTest, PreemptedRequestGeneratesTheSameText) {
  // Each request has two of the four pages for its prompt and needs a third.
  constexpr int kFourPages = 128;
  // On a busy machine the first request may end before the second one starts.
  constexpr int kMaxTries = 20;
  GenerationRequest request;
  request.prompt.tokens = prompt_;
  request.max_new_tokens = static_cast<int>(greedy_.size());
  request.ignore_end_of_text = true;
  request.reuse_prefix = false;
  for (const bool kernels : {true, false}) {
    const auto model = Load(16, kernels, "float32", "auto", kFourPages);
    ASSERT_NE(model, nullptr);
    int preemptions = 0;
    for (int i = 0; i < kMaxTries && preemptions == 0; ++i) {
      const auto first = model->Submit(request);
      ASSERT_TRUE(first.ok()) << first.status();
      const auto second = model->Generate(request, nullptr);
      ASSERT_TRUE(second.ok()) << second.status();
      EXPECT_EQ(second->tokens, greedy_) << (kernels ? "CPU kernels" : "libtorch");
      preemptions = second->preemptions;
    }
    EXPECT_EQ(preemptions, 1);
  }
}

TEST_P(ArchitectureTest, HalfPrecisionStaysNear) {
  const std::vector<float> golden = ReadFloats(Folder(GetParam()) + "prefill.f32");
  for (const char* dtype : {"bfloat16", "float16"}) {
    for (const bool kernels : {true, false}) {
      const auto model = Load(256, kernels, dtype);
      ASSERT_NE(model, nullptr);
      const auto logits = model->Logits(prompt_);
      ASSERT_TRUE(logits.ok()) << logits.status();
      const float difference = MaxDifference(*logits, golden);
      EXPECT_LE(difference, kHalfTolerance * half_precision_error_.at(dtype)) << dtype;
      EXPECT_GT(difference, 0.0F) << dtype;
    }
  }
}

// The kernels of the CPU, which are compared with dequantized matrices elsewhere, say what 8 and 4
// bits cost. libtorch's operators must not lose more.
TEST_P(ArchitectureTest, QuantizedWeightsStayNear) {
  const std::vector<float> golden = ReadFloats(Folder(GetParam()) + "prefill.f32");
  for (const char* weights : {"int8", "int4"}) {
    std::map<bool, float> differences;
    for (const bool kernels : {true, false}) {
      const auto model = Load(256, kernels, "float32", weights);
      ASSERT_NE(model, nullptr);
      const auto logits = model->Logits(prompt_);
      ASSERT_TRUE(logits.ok()) << logits.status();
      differences[kernels] = MaxDifference(*logits, golden);
      EXPECT_GT(differences[kernels], 0.0F) << weights;
    }
    EXPECT_LE(differences[false], kQuantizedTolerance * differences[true]) << weights;
  }
}

// Uses the checkpoint whose rows are whole quantization groups.
class QuantizedWeightsTest : public ArchitectureTest {};

// Returns the root mean square of `a` - `b`, or of `a` if `b` is empty.
double Size(const std::vector<float>& a, const std::vector<float>& b = {}) {
  double squares = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double value = a[i] - (b.empty() ? 0.0F : b[i]);
    squares += value * value;
  }
  return std::sqrt(squares / static_cast<double>(a.size()));
}

// Random weights amplify every error, so the cost of the rounding itself means little here.
// bin/assay-perplexity measures it on trained models.
TEST_P(QuantizedWeightsTest, LogitsMatchTransformersWithTheSameRounding) {
  for (const std::string weights : {"int8", "int4"}) {
    const auto model = Load(256, /*kernels=*/false, "float32", weights);
    ASSERT_NE(model, nullptr);
    ExpectNear(model->Logits(prompt_), weights + ".f32", /*kernels=*/false);
  }
}

// The kernels also round the activations: if a sum in another order crosses the middle between two
// codes, one value is off by a step, and so is all that depends on it. The test therefore runs each
// token alone and allows some of them to be off.
TEST_P(QuantizedWeightsTest, KernelsMatchTransformersWithTheSameRounding) {
  constexpr double kMaxOff = 0.1;
  constexpr double kMaxError = 0.02;
  const std::vector<float> full = ReadFloats(Folder(GetParam()) + "prefill.f32");
  std::vector<std::vector<TokenId>> tokens;
  for (const TokenId token : prompt_) tokens.push_back({token});
  // Each token needs a page of 32 tokens.
  const int cache_tokens = static_cast<int>(tokens.size()) * 32;
  for (const std::string weights : {"int8", "int4"}) {
    const auto model = Load(256, /*kernels=*/true, "float32", weights, cache_tokens);
    ASSERT_NE(model, nullptr);
    const auto rows = model->BatchLogits(tokens);
    ASSERT_TRUE(rows.ok()) << rows.status();
    const std::vector<float> golden = ReadFloats(Folder(GetParam()) + weights + "_cpu.f32");
    const size_t vocab = rows->front().size();
    ASSERT_EQ(golden.size(), vocab * tokens.size());
    double off = 0.0;
    for (size_t i = 0; i < rows->size(); ++i) {
      const auto begin = golden.begin() + static_cast<int64_t>(i * vocab);
      const std::vector<float> expected(begin, begin + static_cast<int64_t>(vocab));
      if (MaxDifference((*rows)[i], expected) > kTolerance) off += 1.0;
      EXPECT_LE(Size((*rows)[i], expected) / Size(expected), kMaxError)
          << weights << " token " << i;
    }
    EXPECT_LE(off / static_cast<double>(rows->size()), kMaxOff) << weights;
    RecordProperty(weights + "_off", std::to_string(off));
    const std::vector<float> unrounded(full.begin(), full.begin() + static_cast<int64_t>(vocab));
    EXPECT_GT(Size(rows->front(), unrounded) / Size(unrounded), kTolerance)
        << weights << ": nothing was quantized";
  }
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, QuantizedWeightsTest, ::testing::Values("llama_to_quantize"),
                         [](const auto& info) { return std::string(info.param); });

INSTANTIATE_TEST_SUITE_P(
    Checkpoints, ArchitectureTest,
    ::testing::Values("bloom", "bloom_odd_heads", "gpt2", "gpt2_inverse_layers", "opt",
                      "opt_norm_after", "opt_no_affine", "gpt_neox", "gpt_neox_sequential",
                      "gpt_neo", "llama", "llama_to_quantize", "llama_tied_biased", "llama_linear",
                      "llama_dynamic", "llama3", "llama_yarn", "mistral", "qwen2", "qwen2_window",
                      "qwen3", "gemma2", "gemma2_plain_scale", "gemma3", "gemma2_defaults",
                      "gemma3_defaults", "llama_empty_scaling", "llama_own_output", "phi3_defaults",
                      "phi", "phi_qk_norm", "phi3", "phi3_longrope", "stablelm",
                      "stablelm_parallel", "smollm3", "falcon", "falcon_grouped", "falcon_alibi"),
    [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace assay::engine
