// The fixture of the runner tests: a runner with a fake generator and a real store.
#ifndef ASSAY_TESTS_EVALUATOR_RUN_RUNNER_FIXTURE_H_
#define ASSAY_TESTS_EVALUATOR_RUN_RUNNER_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/call_context.h"
#include "evaluator/run/runner.h"
#include "tests/evaluator/records/records.h"
#include "tests/evaluator/run/fakes.h"
#include "tests/temp_folder.h"

namespace assay::evaluator {

// The events of one feed.
struct Followed {
  std::vector<Progress> progress;
  std::vector<Sample> samples;
  std::optional<Evaluation> end;
};

// Reads the feed to its end.
inline Followed Follow(EvaluationFeed& feed) {
  Followed followed;
  while (!followed.end) {
    std::optional<EvaluationEvent> event = feed.Next(absl::Seconds(30));
    if (!event) {
      ADD_FAILURE() << "no event for 30 s";
      return followed;
    }
    if (auto* progress = std::get_if<Progress>(&*event)) followed.progress.push_back(*progress);
    if (auto* sample = std::get_if<Sample>(&*event)) followed.samples.push_back(*sample);
    if (auto* end = std::get_if<Evaluation>(&*event)) followed.end = *end;
  }
  return followed;
}

// Returns a plan of two models, two prompts and two repeats.
inline EvaluationPlan TwoByTwo() {
  EvaluationPlan plan;
  plan.name = "test";
  plan.models = Candidates({"m1", "m2"});
  plan.scorers = {"classic"};
  plan.prompts = Prompts({{"p1", "twitter", "aa"}, {"p2", "linkedin", "bbbb"}});
  plan.repeats = 2;
  plan.max_new_tokens = 64;
  return plan;
}

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = RunStore::Open(folder_ / "runs.db");
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    scorers_.Add(std::make_unique<ClassicScorer>());
    Create();
  }

  void Create() {
    runner_ = Runner::Create(&generator_, &memory_, &scorers_, store_.get(), options_);
  }

  Runner::Started Start(const EvaluationPlan& plan) {
    auto started = runner_->Start(plan);
    EXPECT_TRUE(started.ok()) << started.status();
    return *std::move(started);
  }

  // Blocks the generator at the first measured sample until release_ or a cancellation.
  void HoldAtFirstSample() {
    generator_.before_answer = [this](const GenerationJob& job, const CallContext& context) {
      if (job.max_new_tokens < TwoByTwo().max_new_tokens) return;
      if (!held_.HasBeenNotified()) held_.Notify();
      while (!release_.WaitForNotificationWithTimeout(absl::Milliseconds(1)) && !context.IsDone()) {
      }
    };
  }

  TempFolder folder_;
  FakeGenerator generator_;
  FakeMemory memory_;
  ScorerSet scorers_;
  std::unique_ptr<RunStore> store_;
  Runner::Options options_;
  absl::Notification held_;
  absl::Notification release_;
  std::unique_ptr<Runner> runner_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_RUN_RUNNER_FIXTURE_H_
