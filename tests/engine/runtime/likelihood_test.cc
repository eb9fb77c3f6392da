// Compares likelihoods with the logits that they are computed from, on the models of
// tests/golden/runtime/make_tiny_llama.py.
#include "engine/runtime/likelihood.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

using Strings = std::vector<std::string>;

constexpr double kTolerance = 1e-4;

class LikelihoodTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LoadOptions options;
    options.path = "tests/golden/runtime/tiny_tied.gguf";
    options.device = *ResolveDevice("cpu");
    options.weights = "full";
    options.context_length = 64;
    options.prefill_chunk = 8;
    auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
  }

  std::vector<TokenId> Encode(const std::string& text) {
    return *model_->tokenizer().Encode(text, {.parse_special = true, .add_special = false});
  }

  // Sums the log probabilities of tokens [first, end) from the logits of all of them.
  double Expected(const std::vector<TokenId>& tokens, size_t first) {
    const auto vocab = static_cast<size_t>(model_->info().vocab_size);
    const auto logits = model_->Logits(tokens);
    EXPECT_TRUE(logits.ok()) << logits.status();
    double sum = 0;
    for (size_t t = first; t < tokens.size(); ++t) {
      const float* row = logits->data() + (t - 1) * vocab;
      double total = 0;
      for (size_t i = 0; i < vocab; ++i) total += std::exp(static_cast<double>(row[i]));
      sum += row[static_cast<size_t>(tokens[t])] - std::log(total);
    }
    return sum;
  }

  std::unique_ptr<LanguageModel> model_;
};

TEST_F(LikelihoodTest, ContinuationsAreScoredByTheLogitsBeforeThem) {
  const auto found = ScoreContinuations(*model_, "the thin", Strings{" man", " a"}, CallContext());
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 2U);
  const size_t context = Encode("the thin").size();
  EXPECT_NEAR((*found)[0].log_likelihood, Expected(Encode("the thin man"), context), kTolerance);
  EXPECT_NEAR((*found)[1].log_likelihood, Expected(Encode("the thin a"), context), kTolerance);
  EXPECT_EQ((*found)[0].tokens, static_cast<int64_t>(Encode("the thin man").size() - context));
}

TEST_F(LikelihoodTest, LibtorchAndTheKernelsAgree) {
  const std::vector<TokenId> tokens = Encode("the thin man and the ant");
  const auto by_kernels = model_->ScoreTokens(tokens, 1, CallContext());
  LoadOptions options;
  options.path = "tests/golden/runtime/tiny_tied.gguf";
  options.device = *ResolveDevice("cpu");
  options.cpu_kernels = false;
  const auto model = LanguageModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto by_libtorch = (*model)->ScoreTokens(tokens, 1, CallContext());
  ASSERT_TRUE(by_kernels.ok() && by_libtorch.ok()) << by_libtorch.status();
  ASSERT_EQ(by_libtorch->size(), by_kernels->size());
  for (size_t i = 0; i < by_kernels->size(); ++i) {
    EXPECT_NEAR((*by_libtorch)[i].log_probability, (*by_kernels)[i].log_probability, kTolerance);
    EXPECT_EQ((*by_libtorch)[i].greedy, (*by_kernels)[i].greedy);
  }
}

TEST_F(LikelihoodTest, SpacesThatEndTheContextBelongToTheContinuation) {
  const auto joined = ScoreContinuations(*model_, "the thin ", Strings{"man"}, CallContext());
  const auto apart = ScoreContinuations(*model_, "the thin", Strings{" man"}, CallContext());
  ASSERT_TRUE(joined.ok() && apart.ok());
  EXPECT_EQ((*joined)[0].log_likelihood, (*apart)[0].log_likelihood);
  EXPECT_EQ((*joined)[0].tokens, (*apart)[0].tokens);
}

TEST_F(LikelihoodTest, AnEmptyContextBecomesTheBeginToken) {
  const auto found = ScoreContinuations(*model_, "", Strings{"the"}, CallContext());
  ASSERT_TRUE(found.ok()) << found.status();
  std::vector<TokenId> tokens = Encode("the");
  const Tokenizer& tokenizer = model_->tokenizer();
  tokens.insert(tokens.begin(), tokenizer.bos_id() >= 0 ? tokenizer.bos_id() : tokenizer.eos_id());
  EXPECT_NEAR((*found)[0].log_likelihood, Expected(tokens, 1), kTolerance);
}

TEST_F(LikelihoodTest, GreedyTextsAreReportedAsGreedy) {
  GenerationRequest request;
  request.prompt.tokens = Encode("the thin");
  request.max_new_tokens = 5;
  request.ignore_end_of_text = true;
  const auto text = model_->Generate(request, nullptr);
  ASSERT_TRUE(text.ok()) << text.status();
  std::vector<TokenId> tokens = request.prompt.tokens;
  const auto first = static_cast<int64_t>(tokens.size());
  tokens.insert(tokens.end(), text->tokens.begin(), text->tokens.end());
  auto scores = model_->ScoreTokens(tokens, first, CallContext());
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_TRUE(std::all_of(scores->begin(), scores->end(), [](auto s) { return s.greedy; }));
  tokens.back() = (tokens.back() + 1) % model_->info().vocab_size;
  scores = model_->ScoreTokens(tokens, first, CallContext());
  EXPECT_FALSE(scores->back().greedy);
}

// The context length is 64: the text needs several windows, and each token counts once.
TEST_F(LikelihoodTest, ALongTextIsScoredInWindows) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += i % 3 == 0 ? "the inn " : "an ant ";
  const auto tokens = static_cast<int64_t>(Encode(text).size());
  ASSERT_GT(tokens, 3 * 64);
  const auto whole = ScoreText(*model_, text, CallContext());
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->tokens, tokens);
  EXPECT_LT(whole->log_likelihood, 0);
  // The first window: 64 tokens, predicted from the begin token and the first 63 of them.
  std::vector<TokenId> window = Encode(text);
  window.resize(64);
  const Tokenizer& tokenizer = model_->tokenizer();
  window.insert(window.begin(), tokenizer.bos_id() >= 0 ? tokenizer.bos_id() : tokenizer.eos_id());
  const auto scores = model_->ScoreTokens(window, 1, CallContext());
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->size(), 64U);
}

TEST_F(LikelihoodTest, ATextThatIsTooLongLosesItsBeginning) {
  std::string context;
  for (int i = 0; i < 100; ++i) context += "ant ";
  const auto cut = ScoreContinuations(*model_, context, Strings{" inn"}, CallContext());
  ASSERT_TRUE(cut.ok()) << cut.status();
  std::vector<TokenId> tokens = Encode(context.substr(0, context.size() - 1) + "  inn");
  tokens.erase(tokens.begin(), tokens.end() - 65);
  const auto scores = model_->ScoreTokens(tokens, 65 - (*cut)[0].tokens, CallContext());
  ASSERT_TRUE(scores.ok()) << scores.status();
  double sum = 0;
  for (const TokenScore& score : *scores) sum += score.log_probability;
  EXPECT_NEAR((*cut)[0].log_likelihood, sum, kTolerance);
}

TEST_F(LikelihoodTest, BadInputIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      ScoreContinuations(*model_, "a", Strings{""}, CallContext()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ScoreContinuations(*model_, "a", Strings{"\xff"}, CallContext()).status()));
  const std::string longer(400, 'x');
  const absl::Status status =
      ScoreContinuations(*model_, "a", Strings{longer}, CallContext()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("is 64 long"));
  EXPECT_TRUE(absl::IsInvalidArgument(model_->ScoreTokens({{1, 2}}, 0, CallContext()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(model_->ScoreTokens({{1, 2}}, 2, CallContext()).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(model_->ScoreTokens({{1, 1 << 20}}, 1, CallContext()).status()));
}

TEST_F(LikelihoodTest, ACancelledCallEndsAndFreesItsPages) {
  int checks = 0;
  const CallContext once([&checks] { return ++checks > 1; });
  const std::vector<TokenId> tokens(65, 3);
  EXPECT_TRUE(absl::IsCancelled(model_->ScoreTokens(tokens, 1, once).status()));
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(model_->ScoreTokens(tokens, 60, CallContext()).ok()) << i;
}

// Requests generate the same tokens with and without scoring beside them.
TEST_F(LikelihoodTest, ScoringDoesNotChangeRequests) {
  GenerationRequest request;
  request.prompt.tokens = Encode("the ant");
  request.max_new_tokens = 40;
  request.ignore_end_of_text = true;
  const auto alone = model_->Generate(request, nullptr);
  ASSERT_TRUE(alone.ok()) << alone.status();
  const double expected = Expected(Encode("the thin man"), 3);
  const auto stream = *model_->Submit(request);
  int calls = 0;
  while (model_->running() + model_->waiting() > 0 || calls < 3) {
    const auto scores = model_->ScoreTokens(Encode("the thin man"), 3, CallContext());
    ASSERT_TRUE(scores.ok()) << scores.status();
    double sum = 0;
    for (const TokenScore& score : *scores) sum += score.log_probability;
    EXPECT_NEAR(sum, expected, kTolerance);
    ++calls;
  }
  absl::StatusOr<GenerationResult> beside = absl::UnknownError("no result");
  while (auto event = stream->Next(absl::Seconds(20))) {
    if (auto* end = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) beside = *end;
  }
  ASSERT_TRUE(beside.ok()) << beside.status();
  EXPECT_EQ(beside->tokens, alone->tokens);
}

}  // namespace
}  // namespace assay::engine
