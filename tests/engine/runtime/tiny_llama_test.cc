// The Llama architecture against transformers, on the models of
// tests/golden/runtime/make_tiny_llama.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
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
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

constexpr char kFolder[] = "tests/golden/runtime/";
constexpr float kTolerance = 1e-4F;

struct Golden {
  std::vector<TokenId> prompt;
  std::vector<TokenId> greedy;
  std::vector<float> logits;
};

Golden ReadGolden(const std::string& name) {
  std::ifstream text(kFolder + name + ".json");
  const nlohmann::json json = nlohmann::json::parse(text);
  Golden golden{json["prompt"], json["greedy"], {}};
  const std::string path = kFolder + name + ".f32";
  golden.logits.resize(std::filesystem::file_size(path) / sizeof(float));
  std::ifstream data(path, std::ios::binary);
  data.read(reinterpret_cast<char*>(golden.logits.data()),
            static_cast<std::streamsize>(golden.logits.size() * sizeof(float)));
  return golden;
}

LoadOptions OptionsFor(const std::string& name) {
  LoadOptions options;
  options.path = kFolder + name + ".gguf";
  options.device = *ResolveDevice("cpu");
  // The golden values are transformers', in fp32.
  options.weights = "full";
  options.kv_cache = "float32";
  return options;
}

float MaxDifference(const std::vector<float>& a, const std::vector<float>& b) {
  float most = a.size() == b.size() ? 0.0F : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    most = std::max(most, std::abs(a[i] - b[i]));
  }
  return most;
}

class TinyLlamaTest : public ::testing::TestWithParam<const char*> {};

// A chunk of 1 is the decoding step; 7 does not divide the prompt.
TEST_P(TinyLlamaTest, LogitsAreThoseOfTransformersInAnyChunks) {
  const Golden golden = ReadGolden(GetParam());
  for (const int chunk : {256, 7, 1}) {
    LoadOptions options = OptionsFor(GetParam());
    options.prefill_chunk = chunk;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto logits = (*model)->Logits(golden.prompt);
    ASSERT_TRUE(logits.ok()) << logits.status();
    EXPECT_LE(MaxDifference(*logits, golden.logits), kTolerance) << "chunk " << chunk;
  }
}

TEST_P(TinyLlamaTest, GreedyTokensAreThoseOfTransformers) {
  const Golden golden = ReadGolden(GetParam());
  for (const int chunk : {256, 7}) {
    LoadOptions options = OptionsFor(GetParam());
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

TEST_P(TinyLlamaTest, ASecondRequestIsNotChangedByTheFirst) {
  const Golden golden = ReadGolden(GetParam());
  const auto model = LanguageModel::Load(OptionsFor(GetParam()));
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE((*model)->Logits(std::vector<TokenId>(100, 3)).ok());
  const auto logits = (*model)->Logits(golden.prompt);
  ASSERT_TRUE(logits.ok()) << logits.status();
  EXPECT_LE(MaxDifference(*logits, golden.logits), kTolerance);
}

TEST_P(TinyLlamaTest, HalfPrecisionStaysNear) {
  const Golden golden = ReadGolden(GetParam());
  const float largest =
      std::abs(*std::max_element(golden.logits.begin(), golden.logits.end(),
                                 [](float a, float b) { return std::abs(a) < std::abs(b); }));
  for (const char* dtype : {"bfloat16", "float16"}) {
    LoadOptions options = OptionsFor(GetParam());
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

TEST_P(TinyLlamaTest, Int8KeysAndValuesStayNear) {
  const Golden golden = ReadGolden(GetParam());
  const float largest =
      std::abs(*std::max_element(golden.logits.begin(), golden.logits.end(),
                                 [](float a, float b) { return std::abs(a) < std::abs(b); }));
  for (const int chunk : {256, 7, 1}) {
    LoadOptions options = OptionsFor(GetParam());
    options.kv_cache = "int8";
    options.prefill_chunk = chunk;
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto logits = (*model)->Logits(golden.prompt);
    ASSERT_TRUE(logits.ok()) << logits.status();
    // As for half precision: random weights, whose scores nothing keeps small. That the kernel adds
    // nothing to the rounding is paged_attention_test's.
    EXPECT_LE(MaxDifference(*logits, golden.logits), 0.1F * largest) << chunk;
    EXPECT_GT(MaxDifference(*logits, golden.logits), 0.0F) << chunk;
    const auto estimate = LanguageModel::EstimateBytes(options);
    ASSERT_TRUE(estimate.ok()) << estimate.status();
    EXPECT_GE(*estimate, (*model)->info().weight_bytes + (*model)->info().kv_cache_bytes);
  }
}

TEST_P(TinyLlamaTest, Int8KeysAndValuesGiveATextThatNeighboursDoNotChange) {
  LoadOptions options = OptionsFor(GetParam());
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

TEST_P(TinyLlamaTest, EstimateIsAboveWhatIsResidentAndNear) {
  int64_t before = std::numeric_limits<int64_t>::max();
  for (const char* weights : {"full", "int8", "int4"}) {
    LoadOptions options = OptionsFor(GetParam());
    options.weights = weights;
    const auto estimate = LanguageModel::EstimateBytes(options);
    ASSERT_TRUE(estimate.ok()) << estimate.status();
    const auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    const int64_t resident = (*model)->info().weight_bytes + (*model)->info().kv_cache_bytes;
    EXPECT_GE(*estimate, resident) << weights;
    // The rest is activations and the tokenizer; what quantizing saves shows in both.
    EXPECT_LE(*estimate - resident, 1 << 22) << weights;
    EXPECT_LE(resident, before) << weights;
    before = resident;
  }
}

// libtorch's 8-bit product read beyond rows of 42, and the process ended.
TEST(LoadTest, MatricesWithOddRowsStayAsTheyAreWhereOthersAreQuantized) {
  LoadOptions options = OptionsFor("tiny_odd");
  const auto plain = LanguageModel::Load(options);
  options.weights = "int8";
  const auto quantized = LanguageModel::Load(options);
  ASSERT_TRUE(plain.ok() && quantized.ok());
  EXPECT_EQ((*plain)->Logits({{1, 2, 3}}).value(), (*quantized)->Logits({{1, 2, 3}}).value());
}

INSTANTIATE_TEST_SUITE_P(Models, TinyLlamaTest, ::testing::Values("tiny_tied", "tiny_odd"),
                         [](const auto& info) { return std::string(info.param); });

// Bytes of `file` with the first `from` replaced; both have one length.
std::string Replaced(std::string file, const std::string& from, const std::string& to) {
  const size_t at = file.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return file.replace(at, from.size(), to);
}

class DamagedModelTest : public ::testing::Test {
 protected:
  absl::Status LoadWith(const std::string& from, const std::string& to) {
    std::ifstream in(std::string(kFolder) + "tiny_tied.gguf", std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), {});
    LoadOptions options = OptionsFor("tiny_tied");
    // Tests of this suite run beside each other, each in a process of its own.
    options.path = absl::StrCat(::testing::TempDir(), "damaged-", getpid(), ".gguf");
    std::ofstream(options.path, std::ios::binary) << Replaced(good, from, to);
    return LanguageModel::Load(options).status();
  }
};

// A key and its value, as they stand in the file: name, type uint32, value.
std::string Uint32Entry(const std::string& key, char value) {
  return key + std::string("\x04\0\0\0", 4) + value + std::string(3, '\0');
}

TEST_F(DamagedModelTest, OtherArchitectureIsUnimplementedAndNamed) {
  const absl::Status status = LoadWith("llama", "gemma");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(status.message(), HasSubstr("gemma"));
}

TEST_F(DamagedModelTest, MissingTensorIsNamed) {
  const absl::Status status = LoadWith("blk.1.ffn_up.weight", "blk.1.ffn_xx.weight");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("blk.1.ffn_up.weight"));
}

TEST_F(DamagedModelTest, MisshapenTensorIsNamedWithBothShapes) {
  const absl::Status status = LoadWith(Uint32Entry("llama.feed_forward_length", 96),
                                       Uint32Entry("llama.feed_forward_length", 64));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("ffn_gate.weight' has shape [96, 64]"));
  EXPECT_THAT(status.message(), HasSubstr("[64, 64]"));
}

TEST_F(DamagedModelTest, HeadsThatDoNotDivideAreRefused) {
  const absl::Status status = LoadWith(Uint32Entry("llama.attention.head_count_kv", 2),
                                       Uint32Entry("llama.attention.head_count_kv", 3));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("4 heads do not divide among 3"));
}

TEST_F(DamagedModelTest, MissingKeyIsNamed) {
  const absl::Status status = LoadWith("llama.block_count", "llama.block_xxxxx");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("llama.block_count is missing"));
}

TEST_F(DamagedModelTest, TensorLeftOverIsRefused) {
  const absl::Status status =
      LoadWith(Uint32Entry("llama.block_count", 2), Uint32Entry("llama.block_count", 1));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(status.message(), HasSubstr("blk.1."));
}

TEST(LoadTest, BadOptionsAreInvalid) {
  LoadOptions options = OptionsFor("tiny_tied");
  options.dtype = "int4";
  EXPECT_EQ(LanguageModel::Load(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = OptionsFor("tiny_tied");
  options.context_length = 129;
  const absl::Status context = LanguageModel::Load(options).status();
  EXPECT_EQ(context.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(context.message(), HasSubstr("129"));
  EXPECT_THAT(context.message(), HasSubstr("128"));
  options = OptionsFor("tiny_tied");
  options.kv_cache = "int4";
  EXPECT_THAT(LanguageModel::Load(options).status().message(), HasSubstr("kv_cache \"int4\""));
  options.kv_cache = "int8";
  options.cpu_kernels = false;
  const absl::Status elsewhere = LanguageModel::Load(options).status();
  EXPECT_EQ(elsewhere.code(), absl::StatusCode::kUnimplemented) << elsewhere;
  EXPECT_THAT(elsewhere.message(), HasSubstr("the CPU's kernels only"));
  options = OptionsFor("no_such_model");
  EXPECT_EQ(LanguageModel::Load(options).status().code(), absl::StatusCode::kNotFound);
}

TEST(LoadTest, CancelledLoadEnds) {
  LoadOptions options = OptionsFor("tiny_tied");
  int polls = 0;
  options.context = CallContext([&] { return ++polls == 3; });
  EXPECT_EQ(LanguageModel::Load(options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(polls, 3);
}

TEST(LoadTest, ProgressRisesToOne) {
  LoadOptions options = OptionsFor("tiny_tied");
  double last = -1.0;
  options.progress = [&](std::string_view, double fraction) {
    EXPECT_GE(fraction, last);
    last = fraction;
  };
  ASSERT_TRUE(LanguageModel::Load(options).ok());
  EXPECT_EQ(last, 1.0);
}

TEST(PromptTest, PromptsThatCannotBeReadAreInvalid) {
  const auto model = LanguageModel::Load(OptionsFor("tiny_tied"));
  ASSERT_TRUE(model.ok()) << model.status();
  const auto error = [&](Prompt prompt) {
    const absl::Status status = (*model)->Tokenize(prompt).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error({}), HasSubstr("empty"));
  EXPECT_THAT(error({.tokens = std::vector<TokenId>(128, 1)}), HasSubstr("128 tokens"));
  EXPECT_THAT(error({.tokens = {1, 5000}}), HasSubstr("5000"));
  EXPECT_THAT(error({.tokens = {-1}}), HasSubstr("-1"));
  EXPECT_THAT(error({.text = "\xFF", .raw = true}), HasSubstr("UTF-8"));
  EXPECT_TRUE((*model)->Tokenize({.tokens = std::vector<TokenId>(127, 1)}).ok());
}

// Every request that runs may need a row of logits in the same step.
TEST(MemoryNeedTest, RowsOfLogitsAreCountedForAllThatRun) {
  LoadOptions options = OptionsFor("tiny_tied");
  options.max_running = 8;
  const auto few = LanguageModel::EstimateBytes(options);
  const auto model = LanguageModel::Load(options);
  options.max_running = 40;
  const auto many = LanguageModel::EstimateBytes(options);
  ASSERT_TRUE(few.ok() && many.ok() && model.ok());
  EXPECT_EQ(*many - *few, int64_t{32} * 4 * (*model)->info().vocab_size);
}

TEST(PromptTest, TextIsAUserTurnUnlessRaw) {
  const auto model = LanguageModel::Load(OptionsFor("tiny_tied"));
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE((*model)->info().has_chat_template);
  const auto turn = (*model)->Tokenize({.text = "hi"});
  const auto chat = (*model)->Tokenize({.chat = {{"user", "hi"}}});
  const auto spelled = (*model)->Tokenize(
      {.text = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", .raw = true});
  const auto raw = (*model)->Tokenize({.text = "hi", .raw = true});
  ASSERT_TRUE(turn.ok() && chat.ok() && spelled.ok() && raw.ok());
  EXPECT_EQ(*turn, *chat);
  EXPECT_EQ(*turn, *spelled);
  EXPECT_EQ(raw->size(), 2U);
}

TEST(PromptTest, ToolsAndVariablesReachTheTemplateAndNothingElse) {
  const auto model = LanguageModel::Load(OptionsFor("tiny_tied"));
  ASSERT_TRUE(model.ok()) << model.status();
  // The template of this model reads neither.
  const auto plain = (*model)->Tokenize({.text = "hi"});
  const auto with = (*model)->Tokenize(
      {.text = "hi", .tools = "[{\"name\": \"f\"}]", .variables = "{\"enable_thinking\": false}"});
  ASSERT_TRUE(plain.ok() && with.ok()) << with.status();
  EXPECT_EQ(*plain, *with);
  const auto error = [&](const Prompt& prompt) {
    const absl::Status status = (*model)->Tokenize(prompt).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error({.text = "hi", .tools = "{}"}), HasSubstr("tools: is not a JSON list"));
  EXPECT_THAT(error({.text = "hi", .variables = "[1"}), HasSubstr("variables: is not JSON"));
  EXPECT_THAT(error({.text = "hi", .raw = true, .tools = "[]"}), HasSubstr("raw prompt"));
  EXPECT_THAT(error({.tokens = {1}, .variables = "{}"}), HasSubstr("need a chat template"));
}

// In one step: some take the likeliest token, others draw theirs.
TEST(GenerateTest, DrawnAndGreedyTextsInOneStepAreThoseOfEachAlone) {
  for (const bool cpu_kernels : {true, false}) {
    LoadOptions options = OptionsFor("tiny_tied");
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

TEST(GenerateTest, TextEndsWhereTheContextEnds) {
  LoadOptions options = OptionsFor("tiny_tied");
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
