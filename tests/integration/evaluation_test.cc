// Tests evaluations of the real daemon: kills, negative controls, measurements, gates.
#include <signal.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "assay/v1/inference.grpc.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/integration/daemon_process.h"
#include "tests/patience.h"

namespace assay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kEvaluationTimeout = absl::Minutes(5);

class EvaluationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (DaemonProcess::TestModel().empty()) {
      GTEST_SKIP() << "no model; run `make setup` or set ASSAY_TEST_MODEL";
    }
    std::string pattern =
        absl::StrCat(std::filesystem::temp_directory_path().string(), "/assay_stateXXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    state_ = pattern;
  }
  void TearDown() override {
    daemon_.reset();
    std::error_code error;
    if (!state_.empty()) std::filesystem::remove_all(state_, error);
  }

  static std::string Entry(const std::string& id, const std::string& path, int context) {
    return absl::StrCat("  - { id: ", id, ", source: { file: '", path,
                        "' }, context_length: ", context, " }\n");
  }

  // The prompts are short enough for the random model, whose tokens are bytes.
  static void AddPrompts(int count, v1::EvaluateRequest* request) {
    constexpr std::array<const char*, 12> kPrompts = {
        "Two sentences on why bread smells good.",
        "Two sentences with a tip for writing emails.",
        "Two sentences on why a backup is tested.",
        "Two sentences about a bicycle repair shop.",
        "Two sentences about a failed newsletter.",
        "Two sentences about a free writing course.",
        "Two sentences about a small bakery at night.",
        "Two sentences on planning a week.",
        "Two sentences about learning to swim.",
        "Two sentences that praise slow mornings.",
        "Two sentences about a street food market.",
        "Two sentences on why gardens need bees."};
    for (int i = 0; i < count; ++i) {
      v1::EvaluationPrompt* prompt = request->add_prompts();
      prompt->set_id(absl::StrCat("tweet-", i));
      prompt->set_content_type("twitter");
      prompt->set_prompt(kPrompts[static_cast<size_t>(i)]);
    }
  }

  // Starts a daemon with the state of the previous ones.
  void Start() {
    const std::string random = std::filesystem::absolute("tests/golden/runtime/tiny_tied.gguf");
    absl::StatusOr<std::unique_ptr<DaemonProcess>> daemon = DaemonProcess::Start(
        {.models_yaml = absl::StrCat("default_model: small\nmodels:\n",
                                     Entry("small", DaemonProcess::TestModel(), 512),
                                     Entry("random", random, 128)),
         .state_dir = state_});
    ASSERT_TRUE(daemon.ok()) << daemon.status();
    daemon_ = *std::move(daemon);
    auto channel = grpc::CreateChannel(daemon_->address(), grpc::InsecureChannelCredentials());
    inference_ = v1::InferenceService::NewStub(channel);
    evaluations_ = v1::EvaluationService::NewStub(channel);
  }

  void Kill() {
    daemon_->Signal(SIGKILL);
    daemon_->Wait(Patience());
    daemon_.reset();
  }

  // Starts an evaluation and disconnects. Returns its id or the error.
  absl::StatusOr<std::string> Begin(const v1::EvaluateRequest& request) {
    grpc::ClientContext context;
    auto reader = evaluations_->Evaluate(&context, request);
    v1::EvaluateResponse event;
    if (!reader->Read(&event)) {
      return absl::InvalidArgumentError(reader->Finish().error_message());
    }
    const std::string id = event.started().id();
    context.TryCancel();
    reader->Finish();
    return id;
  }

  v1::Evaluation Get(const std::string& id) {
    grpc::ClientContext context;
    v1::GetEvaluationRequest request;
    request.set_id(id);
    request.set_include_samples(true);
    v1::Evaluation evaluation;
    const grpc::Status status = evaluations_->GetEvaluation(&context, request, &evaluation);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return evaluation;
  }

  // Waits until the evaluation has `samples` samples or ends, and returns it.
  v1::Evaluation AwaitSamples(const std::string& id, int samples) {
    const absl::Time limit = absl::Now() + Patience(kEvaluationTimeout);
    while (absl::Now() < limit) {
      v1::Evaluation evaluation = Get(id);
      if (evaluation.samples_size() >= samples ||
          evaluation.state() != v1::EVALUATION_STATE_RUNNING) {
        return evaluation;
      }
      absl::SleepFor(absl::Milliseconds(20));
    }
    ADD_FAILURE() << id << " did not reach " << samples << " samples";
    return {};
  }

  v1::Evaluation AwaitEnd(const std::string& id) {
    const absl::Time limit = absl::Now() + Patience(kEvaluationTimeout);
    v1::Evaluation evaluation = Get(id);
    while (evaluation.state() == v1::EVALUATION_STATE_RUNNING && absl::Now() < limit) {
      absl::SleepFor(absl::Milliseconds(50));
      evaluation = Get(id);
    }
    return evaluation;
  }

  v1::GateResult CheckGate(const std::string& id, const std::string& gate) {
    grpc::ClientContext context;
    v1::CheckGateRequest request;
    request.set_id(id);
    request.set_gate(gate);
    v1::GateResult result;
    const grpc::Status status = evaluations_->CheckGate(&context, request, &result);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return result;
  }

  std::string state_;
  std::unique_ptr<DaemonProcess> daemon_;
  std::unique_ptr<v1::InferenceService::Stub> inference_;
  std::unique_ptr<v1::EvaluationService::Stub> evaluations_;
};

TEST_F(EvaluationTest, KeepsEverySampleExactlyOnceAfterThreeKills) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::EvaluateRequest request;
  request.add_models("small");
  request.add_models("random");
  AddPrompts(3, &request);
  request.set_repeats(2);
  request.set_max_new_tokens(24);
  const absl::StatusOr<std::string> id = Begin(request);
  ASSERT_TRUE(id.ok()) << id.status();

  std::vector<v1::SampleResult> earlier;
  const auto expect_earlier = [&earlier](const v1::Evaluation& evaluation) {
    for (size_t i = 0; i < earlier.size(); ++i) {
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(
          evaluation.samples(static_cast<int>(i)), earlier[i]))
          << i;
    }
  };
  for (const int samples : {1, 5, 10}) {
    AwaitSamples(*id, samples);
    Kill();
    ASSERT_NO_FATAL_FAILURE(Start());
    const v1::Evaluation resumed = Get(*id);
    ASSERT_GE(resumed.samples_size(), samples);
    expect_earlier(resumed);
    earlier.assign(resumed.samples().begin(), resumed.samples().end());
  }
  const v1::Evaluation end = AwaitEnd(*id);
  EXPECT_EQ(end.state(), v1::EVALUATION_STATE_SUCCEEDED) << end.error();
  EXPECT_EQ(end.resumes(), 3);
  ASSERT_EQ(end.samples_size(), 12);
  expect_earlier(end);
  std::set<std::string> keys;
  for (const v1::SampleResult& sample : end.samples()) {
    keys.insert(absl::StrCat(sample.model(), " ", sample.prompt_id(), " ", sample.repeat()));
  }
  EXPECT_EQ(keys.size(), 12U);
}

// Regression: a stop during a sample made the sample fail permanently, and a stop during the
// scaling measurement left out levels.
TEST_F(EvaluationTest, OrderlyStopCausesNoFailedSampleAndKeepsEveryLevel) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::EvaluateRequest request;
  request.add_models("small");
  AddPrompts(3, &request);
  request.set_max_new_tokens(48);
  for (const int level : {1, 2, 4}) request.mutable_scaling()->add_concurrency(level);
  const absl::StatusOr<std::string> id = Begin(request);
  ASSERT_TRUE(id.ok()) << id.status();
  for (const int samples : {1, 2, 3}) {
    AwaitSamples(*id, samples);
    daemon_->Signal(SIGTERM);
    daemon_->Wait(Patience());
    daemon_.reset();
    ASSERT_NO_FATAL_FAILURE(Start());
  }
  const v1::Evaluation end = AwaitEnd(*id);
  EXPECT_EQ(end.state(), v1::EVALUATION_STATE_SUCCEEDED) << end.error();
  EXPECT_EQ(end.resumes(), 3);
  ASSERT_EQ(end.samples_size(), 3);
  for (const v1::SampleResult& sample : end.samples()) EXPECT_EQ(sample.error(), "");
  EXPECT_EQ(end.scaling_size(), 3);
}

// A small version of the standard study: a score that cannot distinguish a model from noise
// measures nothing.
TEST_F(EvaluationTest, NegativeControlsRankLastWithSignificance) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::EvaluateRequest request;
  request.add_models("small");
  request.add_models("random");
  v1::Candidate* hot = request.add_candidates();
  hot->set_name("small.hot");
  hot->set_model("small");
  hot->mutable_sampling()->set_temperature(2);
  AddPrompts(12, &request);
  request.set_max_new_tokens(64);
  request.mutable_scaling()->set_residents(true);
  request.mutable_scaling()->set_rounds(1);
  const absl::StatusOr<std::string> id = Begin(request);
  ASSERT_TRUE(id.ok()) << id.status();
  const v1::Evaluation end = AwaitEnd(*id);
  ASSERT_EQ(end.state(), v1::EVALUATION_STATE_SUCCEEDED) << end.error();

  ASSERT_EQ(end.analysis().rankings_size(), 1);
  std::map<std::string, int> ranks;
  for (const v1::RankedCandidate& candidate : end.analysis().rankings(0).candidates()) {
    ranks[candidate.name()] = candidate.rank();
  }
  EXPECT_EQ(ranks["small"], 1);
  EXPECT_EQ(ranks["random"], 2);
  EXPECT_EQ(ranks["small.hot"], 2);
  int controls = 0;
  for (const v1::Comparison& comparison : end.analysis().comparisons()) {
    if (comparison.metric() != "quality_score") continue;
    ++controls;
    EXPECT_EQ(comparison.verdict(), v1::VERDICT_WORSE) << comparison.candidate();
    EXPECT_LT(comparison.p_adjusted(), 0.05) << comparison.candidate();
  }
  EXPECT_EQ(controls, 2);

  // These are two models under three names.
  std::vector<int> levels;
  for (const v1::ScalingPoint& point : end.scaling()) levels.push_back(point.level());
  EXPECT_THAT(levels, ElementsAre(1, 2));
  std::map<std::string, std::set<uint64_t>> seeds;
  for (const v1::SampleResult& sample : end.samples()) {
    seeds[sample.prompt_id()].insert(sample.seed());
    EXPECT_GT(sample.memory().kv_cache_bytes(), 0);
  }
  EXPECT_EQ(seeds.size(), 12U);
  for (const auto& [prompt, drawn] : seeds) EXPECT_EQ(drawn.size(), 1U) << prompt;
}

// Otherwise the second evaluation would be faster.
TEST_F(EvaluationTest, MeasuredPromptIsPrefilledDespiteCachedPrefix) {
  ASSERT_NO_FATAL_FAILURE(Start());
  const std::string prompt =
      "Write a tweet about the bakery on the corner of our street, which sells its bread by ten in "
      "the morning and has nothing left for those who sleep late. Be friendly, be brief, and end "
      "with a question that somebody may want to answer. Do not use any hashtags at all, please.";
  v1::GenerateRequest generate;
  generate.set_model("small");
  generate.set_prompt(prompt);
  generate.set_max_new_tokens(2);
  v1::GenerateResponse reply;
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    ASSERT_TRUE(inference_->Generate(&context, generate, &reply).ok());
  }
  EXPECT_GT(reply.usage().cached_tokens(), 0);

  v1::EvaluateRequest request;
  request.add_models("small");
  request.set_repeats(2);
  request.set_max_new_tokens(4);
  v1::EvaluationPrompt* measured = request.add_prompts();
  measured->set_id("p");
  measured->set_content_type("twitter");
  measured->set_prompt(prompt);
  const absl::StatusOr<std::string> id = Begin(request);
  ASSERT_TRUE(id.ok()) << id.status();
  const v1::Evaluation end = AwaitEnd(*id);
  ASSERT_EQ(end.samples_size(), 2);
  for (const v1::SampleResult& sample : end.samples()) {
    EXPECT_EQ(sample.error(), "");
    EXPECT_EQ(sample.usage().cached_tokens(), 0);
    EXPECT_EQ(sample.usage().prompt_tokens(), reply.usage().prompt_tokens());
  }
  // A single prompt has no interval.
  EXPECT_EQ(end.summaries(0).latency_ms().n(), 1);
  EXPECT_EQ(end.summaries(0).latency_ms().samples(), 2);
  EXPECT_FALSE(end.summaries(0).latency_ms().has_ci_low());
}

TEST_F(EvaluationTest, GateIsValidatedBeforeTheRunAndFailsOnPartialRuns) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::EvaluateRequest request;
  request.add_models("random");
  AddPrompts(9, &request);
  request.set_max_new_tokens(8);
  for (const auto& [gate, error] : std::map<std::string, std::string>{
           {"quality/poem >= 1", "the evaluation has no content type 'poem'; it has twitter"},
           {"small:quality >= 1", "the evaluation has no candidate 'small'; it has random"},
           {"quality > many", "gate, column 11: expected a number"}}) {
    request.set_gate(gate);
    EXPECT_THAT(std::string(Begin(request).status().message()), HasSubstr(error));
  }
  grpc::ClientContext context;
  v1::ListEvaluationsResponse list;
  ASSERT_TRUE(evaluations_->ListEvaluations(&context, {}, &list).ok());
  EXPECT_THAT(list.evaluations(), IsEmpty());

  // The evaluation is long enough to be cancelled.
  request.set_repeats(1000);
  request.set_gate("success_rate >= 0.99");
  const absl::StatusOr<std::string> id = Begin(request);
  ASSERT_TRUE(id.ok()) << id.status();
  AwaitSamples(*id, 3);
  grpc::ClientContext cancel_context;
  v1::CancelEvaluationRequest cancel;
  cancel.set_id(*id);
  v1::Evaluation reply;
  ASSERT_TRUE(evaluations_->CancelEvaluation(&cancel_context, cancel, &reply).ok());
  EXPECT_EQ(AwaitEnd(*id).state(), v1::EVALUATION_STATE_CANCELLED);
  const v1::GateResult result = CheckGate(*id, request.gate());
  EXPECT_FALSE(result.passed());
  EXPECT_TRUE(result.clauses(0).holds());
  EXPECT_THAT(result.reason(), HasSubstr("the evaluation was cancelled with "));
}

}  // namespace
}  // namespace assay
