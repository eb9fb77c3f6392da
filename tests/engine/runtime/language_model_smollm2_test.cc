// Tests the whole engine on SmolLM2-135M, with tokens that tests/golden/runtime/compare_greedy.py
// computed with transformers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/resident_memory.h"

namespace assay::engine {
namespace {

constexpr char kDefaultModel[] = "var/models/smollm2-135m-instruct-q4_1.gguf";
constexpr char kGolden[] = "tests/golden/runtime/greedy.json";

std::string ModelPath() {
  const char* path = std::getenv("ASSAY_TEST_MODEL");
  return path != nullptr ? path : kDefaultModel;
}

class SmolLm2Test : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(ModelPath())) {
      GTEST_SKIP() << ModelPath() << " is absent: run make setup, or set ASSAY_TEST_MODEL";
    }
    options_.path = ModelPath();
    options_.device = *ResolveDevice("cpu");
    options_.context_length = 512;
  }

  LoadOptions options_;
};

TEST_F(SmolLm2Test, GreedyTokensMatchTransformers) {
  std::ifstream file(kGolden);
  ASSERT_TRUE(file) << kGolden;
  options_.weights = "full";
  options_.kv_cache = "float32";
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  for (const auto& c : nlohmann::json::parse(file)) {
    SCOPED_TRACE(c["prompt"].get<std::string>());
    GenerationRequest request;
    request.prompt.text = c["prompt"];
    request.prompt.raw = c["raw"];
    const auto expected = c["tokens"].get<std::vector<TokenId>>();
    request.max_new_tokens = static_cast<int>(expected.size());
    EXPECT_EQ(*(*model)->Tokenize(request.prompt), c["prompt_tokens"].get<std::vector<TokenId>>());
    const auto result = (*model)->Generate(request, nullptr);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tokens, expected);
    EXPECT_EQ(result->text, *(*model)->tokenizer().Decode(expected, /*skip_special=*/true));
  }
}

TEST_F(SmolLm2Test, SeededSamplingRepeats) {
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto text = [&](uint64_t seed) {
    GenerationRequest request;
    request.prompt.text = "Name an animal.";
    request.sampling = {.temperature = 1.2F, .top_p = 0.95F, .top_k = 50, .seed = seed};
    request.max_new_tokens = 12;
    return (*model)->Generate(request, nullptr)->text;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

TEST_F(SmolLm2Test, TheSmallestTemperaturesGiveTheGreedyText) {
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto tokens = [&](const SamplingParams& sampling) {
    GenerationRequest request;
    request.prompt.text = "Name an animal.";
    request.sampling = sampling;
    request.max_new_tokens = 12;
    return (*model)->Generate(request, nullptr)->tokens;
  };
  const std::vector<TokenId> greedy = tokens({});
  EXPECT_FALSE(greedy.empty());
  for (const float temperature : {1e-45F, 1e-40F, 1e-30F, 1e-5F}) {
    for (const float top_p : {1.0F, 0.9F, 1e-45F}) {
      for (const int top_k : {0, 5, 1 << 30}) {
        EXPECT_EQ(tokens({.temperature = temperature, .top_p = top_p, .top_k = top_k, .seed = 3}),
                  greedy)
            << temperature << " " << top_p << " " << top_k;
      }
    }
  }
}

// Greedy and sampled texts: alone without drafts, then many at once with drafts.
TEST_F(SmolLm2Test, NeitherOtherRequestsNorDraftsChangeAText) {
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<GenerationRequest> requests;
  for (uint64_t i = 0; i < 12; ++i) {
    GenerationRequest& request = requests.emplace_back();
    request.prompt.text =
        "Repeat: one fish, two fish, red fish, blue fish, black fish, old fish, new fish. " +
        std::string(i, '!');
    if (i % 3 != 0) request.sampling = {.temperature = 0.3F, .top_p = 0.95F, .seed = i};
    if (i % 3 == 2) request.sampling.top_k = 40;
    if (i % 4 == 1) request.sampling.repetition_penalty = 1.05F;
    if (i % 4 == 2) request.sampling.frequency_penalty = 0.1F;
    if (i % 4 == 3) request.sampling.log_probabilities = 2;
    request.max_new_tokens = 40;
  }
  std::vector<std::shared_ptr<GenerationStream>> streams;
  for (const GenerationRequest& request : requests) streams.push_back(*(*model)->Submit(request));
  int accepted = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    absl::StatusOr<GenerationResult> together = absl::UnknownError("no result");
    while (auto event = streams[i]->Next(absl::Seconds(20))) {
      if (auto* end = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) together = *end;
    }
    ASSERT_TRUE(together.ok()) << together.status();
    requests[i].drafts = false;
    const auto alone = (*model)->Generate(requests[i], nullptr);
    ASSERT_TRUE(alone.ok()) << alone.status();
    EXPECT_EQ(together->tokens, alone->tokens) << i;
    EXPECT_EQ(alone->drafted_tokens, 0);
    accepted += together->accepted_tokens;
    requests[i].drafts = true;
    const auto with_drafts = (*model)->Generate(requests[i], nullptr);
    EXPECT_EQ(with_drafts->tokens, alone->tokens) << i;
    accepted += with_drafts->accepted_tokens;
  }
  EXPECT_GT(accepted, 0);
}

// Returns log softmax(row)[token].
double LogProbability(absl::Span<const float> row, TokenId token) {
  const double max = *std::max_element(row.begin(), row.end());
  double sum = 0.0;
  for (const float logit : row) sum += std::exp(logit - max);
  return row[static_cast<size_t>(token)] - max - std::log(sum);
}

TEST_F(SmolLm2Test, LogProbabilitiesAreThoseOfTheModel) {
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  GenerationRequest request;
  request.prompt.text = "Repeat: one fish, two fish, red fish, blue fish.";
  // The reported values are those before the penalty and the temperature.
  request.sampling = {
      .temperature = 0.7F, .repetition_penalty = 1.1F, .log_probabilities = 3, .seed = 4};
  request.max_new_tokens = 24;
  const auto result = (*model)->Generate(request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->log_probabilities.size(), result->tokens.size());
  std::vector<TokenId> tokens = *(*model)->Tokenize(request.prompt);
  const size_t prompt = tokens.size();
  tokens.insert(tokens.end(), result->tokens.begin(), result->tokens.end());
  const auto logits = (*model)->Logits(tokens);
  ASSERT_TRUE(logits.ok()) << logits.status();
  const size_t vocab = logits->size() / tokens.size();
  for (size_t i = 0; i < result->tokens.size(); ++i) {
    const auto row = absl::MakeConstSpan(*logits).subspan((prompt + i - 1) * vocab, vocab);
    const TokenLogProbabilities& found = result->log_probabilities[i];
    EXPECT_EQ(found.chosen.token, result->tokens[i]);
    // The kernels divide the work of a prompt differently than that of one token.
    constexpr double kRounding = 0.02;
    EXPECT_NEAR(found.chosen.log_probability, LogProbability(row, result->tokens[i]), kRounding);
    ASSERT_EQ(found.top.size(), 3);
    EXPECT_NEAR(found.top[0].log_probability,
                LogProbability(row, static_cast<TokenId>(std::max_element(row.begin(), row.end()) -
                                                         row.begin())),
                kRounding);
    EXPECT_GE(found.top[0].log_probability, found.top[1].log_probability);
  }
}

TEST_F(SmolLm2Test, TextEndsWhereTheRequestSays) {
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  GenerationRequest request;
  request.prompt.text = "Say hello.";
  request.max_new_tokens = 60;
  const auto plain = (*model)->Generate(request, nullptr);
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_EQ(plain->finish_reason, FinishReason::kEndOfText);
  const auto length = static_cast<int>(plain->tokens.size());
  ASSERT_GT(length, 3);

  request.sampling.min_tokens = length + 5;
  const auto longer = (*model)->Generate(request, nullptr);
  ASSERT_TRUE(longer.ok()) << longer.status();
  EXPECT_GE(longer->tokens.size(), static_cast<size_t>(length + 5));
  request.sampling.min_tokens = 0;

  request.stop_tokens = {plain->tokens[2]};
  const auto stopped = (*model)->Generate(request, nullptr);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->finish_reason, FinishReason::kStopToken);
  EXPECT_LE(stopped->tokens.size(), 2U);
  request.stop_tokens = {1 << 20};
  EXPECT_THAT(std::string((*model)->Generate(request, nullptr).status().message()),
              ::testing::HasSubstr("stop_tokens[0] is 1048576"));
  request.stop_tokens.clear();

  // A prompt of tokens, and one that loses its beginning.
  const std::vector<TokenId> tokens = *(*model)->Tokenize(request.prompt);
  request.prompt = {.tokens = tokens};
  EXPECT_EQ((*model)->Generate(request, nullptr)->tokens, plain->tokens);
  request.prompt.max_tokens = 4;
  EXPECT_EQ((*model)->Generate(request, nullptr)->prompt_tokens, 4);
}

TEST_F(SmolLm2Test, InfoDescribesTheFile) {
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  const LoadedModelInfo& info = (*model)->info();
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.parameter_count, 134515008);
  // The weights are as in the file: about 5 bits per weight, 8.5 in the embedding.
  EXPECT_LT(info.weight_bytes, static_cast<int64_t>(std::filesystem::file_size(ModelPath())));
  EXPECT_GT(info.weight_bytes, info.parameter_count * 5 / 8);
  // A token has one byte per dimension and three scales per head.
  EXPECT_EQ(info.kv_cache_bytes, int64_t{30} * 3 * 8192 * (2 * 64 + 3 * 4));
  EXPECT_EQ(info.quantization, "Q4_1");
  EXPECT_EQ(info.dtype, "float32");
  const auto estimate = LanguageModel::EstimateBytes(options_);
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  const int64_t resident = info.weight_bytes + info.kv_cache_bytes + info.working_bytes;
  EXPECT_GE(*estimate, resident);
  EXPECT_LE(*estimate, resident + resident / 4);
}

TEST_F(SmolLm2Test, LoadingNeedsNoSecondCopyAndUnloadingFreesAllMemory) {
  if (ResidentBytes() == 0) GTEST_SKIP() << "no /proc on this system";
  // The first load allocates memory of the libraries.
  ASSERT_TRUE(LanguageModel::Load(options_).ok());
  const int64_t before = ResidentBytes();
  ResetPeak();
  auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  const int64_t peak = PeakResidentBytes() - before;
  const int64_t resident = ResidentBytes() - before;
  const int64_t weights = (*model)->info().weight_bytes;
  EXPECT_GT(resident, weights);
  EXPECT_LT(peak, resident + resident * 15 / 100);
  model->reset();
  if (!kFreedMemoryIsReturned) return;
  // The allocators keep some memory.
  EXPECT_LT(ResidentBytes() - before, weights / 8);
}

}  // namespace
}  // namespace assay::engine
