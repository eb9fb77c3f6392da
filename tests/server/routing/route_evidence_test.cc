// Evaluations as evidence for routes.
#include "server/routing/route_evidence.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/store/run_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/revision.h"
#include "tests/server/routing/finished_evaluation.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using testing::SizeIs;

TEST(RouteEvidenceTest, EvaluationsBecomeEvidence) {
  const TempFolder folder;
  auto store = evaluator::RunStore::Open(folder / "evaluations.sqlite");
  ASSERT_TRUE(store.ok());
  evaluator::Evaluation evaluation = Finished("ev-1", 8, "r1");
  evaluator::Evaluation begun = evaluation;
  begun.state = evaluator::EvaluationState::kRunning;
  ASSERT_TRUE((*store)->Begin(begun, {}).ok());
  std::vector<evaluator::Sample> samples = FinishedSamples(8);
  // A failed repeat counts as 0.
  samples.push_back(samples[0]);
  samples.back().repeat = 1;
  samples.back().quality_score.reset();
  for (const evaluator::Sample& sample : samples) {
    ASSERT_TRUE((*store)->AddSample("ev-1", sample).ok());
  }
  ASSERT_TRUE((*store)->Finish(evaluation, {}).ok());
  registry::Revisions revisions("", "cpu");
  RouteEvidence evidence([&](const registry::ModelEntry& entry) { return revisions.Of(entry); });
  ASSERT_TRUE(evidence.Read(**store).ok());
  const std::vector<registry::Evidence> known = evidence.For("poem");
  ASSERT_THAT(known, SizeIs(1));
  EXPECT_EQ(known[0].evaluation_id, "ev-1");
  EXPECT_EQ(known[0].model, "a");
  EXPECT_EQ(known[0].revision, "r1");
  EXPECT_EQ(known[0].scorer_version, "1");
  // Older records lack it; the plan has it.
  EXPECT_EQ(known[0].workload_fingerprint, evaluator::WorkloadFingerprint({}, "poem"));
  EXPECT_EQ(known[0].samples, 40);
  EXPECT_EQ(known[0].ci_low, 7);
  EXPECT_EQ(known[0].latency_p90, absl::Milliseconds(1250));
  EXPECT_EQ(known[0].cost_usd, 1.7e-6);
  EXPECT_EQ(known[0].resident_bytes, 7);
  EXPECT_EQ(known[0].finished_at, evaluation.finished_at);
  ASSERT_THAT(*known[0].prompts, SizeIs(40));
  int halved = 0;
  for (const registry::PromptResult& result : *known[0].prompts) {
    EXPECT_EQ(result.cost_usd, 1.7e-6);
    halved += result.score == 4 ? 1 : 0;
    EXPECT_TRUE(result.score == 8 || result.score == 4) << result.score;
  }
  EXPECT_EQ(halved, 1);

  evidence.Add(Finished("ev-2", 3, ""), {});
  evaluation.state = evaluator::EvaluationState::kCancelled;
  evidence.Add(evaluation, {});
  EXPECT_THAT(evidence.For("poem"), SizeIs(1));
  for (int i = 0; i < 40; ++i) {
    evaluator::Evaluation later = Finished(absl::StrCat("later-", i), 5, "r1");
    later.finished_at += absl::Seconds(i + 1);
    evidence.Add(later, {});
  }
  EXPECT_THAT(evidence.For("poem"), SizeIs(16));
  EXPECT_EQ(evidence.For("poem").back().evaluation_id, "later-39");
}

evaluator::Evaluation At(int second, int samples, const std::string& revision = "r1") {
  evaluator::Evaluation evaluation = Finished(absl::StrCat("ev-", second), 5, revision);
  evaluation.finished_at = absl::FromUnixSeconds(second);
  evaluation.summaries[0].quality_score.n = samples;
  return evaluation;
}

TEST(RouteEvidenceTest, SmallEvaluationsDoNotReplaceALargeOne) {
  RouteEvidence evidence([](const registry::ModelEntry&) { return "r1"; });
  evidence.Add(At(1, 40), {});
  evidence.Add(At(2, 60), {});
  for (int i = 3; i < 100; ++i) evidence.Add(At(i, 3), {});
  const std::vector<registry::Evidence> known = evidence.For("poem");
  ASSERT_THAT(known, SizeIs(16));
  EXPECT_EQ(known.front().evaluation_id, "ev-2");
  EXPECT_EQ(known.back().evaluation_id, "ev-99");
}

// The store lists evaluations newest first.
TEST(RouteEvidenceTest, KeptEvidenceDoesNotDependOnTheOrderOfArrival) {
  RouteEvidence evidence([](const registry::ModelEntry&) { return "r1"; });
  for (int i = 99; i >= 3; --i) evidence.Add(At(i, 3), {});
  evidence.Add(At(2, 60), {});
  evidence.Add(At(1, 40), {});
  const std::vector<registry::Evidence> known = evidence.For("poem");
  ASSERT_THAT(known, SizeIs(16));
  EXPECT_EQ(known.front().evaluation_id, "ev-99");
  EXPECT_EQ(known.back().evaluation_id, "ev-2");
}

TEST(RouteEvidenceTest, ScorerVersionsAndRevisionsAreSeparateAndBounded) {
  RouteEvidence evidence([](const registry::ModelEntry&) { return "r1"; });
  evidence.Add(At(1, 3), {});
  for (int i = 2; i < 40; ++i) {
    evaluator::Evaluation other = At(i, 40);
    other.summaries[0].scorer_version = "2";
    evidence.Add(other, {});
  }
  EXPECT_THAT(evidence.For("poem"), SizeIs(17));
  for (int i = 40; i < 1000; ++i) evidence.Add(At(i, 40, absl::StrCat("r", i)), {});
  EXPECT_THAT(evidence.For("poem"), SizeIs(256));
  EXPECT_EQ(evidence.For("poem").back().evaluation_id, "ev-999");
}

}  // namespace
}  // namespace assay::server
