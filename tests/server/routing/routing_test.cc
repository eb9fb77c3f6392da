// Routes that are set, kept over restarts; what the run store says of them.
#include "server/routing/routing.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/store/run_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "server/routing/route_evidence.h"
#include "server/routing/route_file.h"
#include "server/rpc/route_proto.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;
using registry::RoutePolicy;
using registry::RouteRule;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<RoutePolicy> EveryRule() {
  return {{.content_type = "linkedin", .models = {"b"}, .fallback = {"a"}},
          {.content_type = "email",
           .rule = RouteRule::kWeighted,
           .models = {"b", "a"},
           .weights = {0.1, 1e-5}},
          {.content_type = "technical", .rule = RouteRule::kFallback, .models = {"b", "a"}},
          {.content_type = "blog",
           .rule = RouteRule::kAuto,
           .models = {"a", "b"},
           .limits = {.scorer = "assay",
                      .min_samples = 7,
                      .min_success_rate = 0.5,
                      .max_latency = absl::Milliseconds(1250),
                      .max_cost_usd = 1.7e-6,
                      .max_memory_bytes = int64_t{5} << 30},
           .explore = 0.05,
           .otherwise = "b"},
          {.content_type = "twitter", .rule = RouteRule::kAuto}};
}

class RoutingTest : public testing::Test {
 protected:
  RoutingTest() {
    folder_ = fs::path(testing::TempDir()) / absl::StrCat("routing_test.", getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    file_ = (folder_ / "routes.json").string();
    registry::Catalog catalog;
    for (const char* id : {"a", "b"}) {
      catalog.models.push_back({.id = id, .path = "/proc/self/exe"});
    }
    catalog.models[0].content_types = {"linkedin", "poem"};
    manager_ = std::make_unique<registry::Manager>(catalog, &loader_, registry::Manager::Options{},
                                                   nullptr);
  }
  ~RoutingTest() override { fs::remove_all(folder_); }

  CountingLoader loader_;
  std::unique_ptr<registry::Manager> manager_;
  fs::path folder_;
  std::string file_;
};

TEST_F(RoutingTest, WhatWasSetIsInForceAfterARestart) {
  {
    Routing routing(manager_.get(), nullptr);
    ASSERT_TRUE(routing.Open(file_).ok());
    EXPECT_EQ(routing.Choose({.content_type = "linkedin"})->model, "a");
    ASSERT_TRUE(routing.Set(EveryRule()).ok());
    EXPECT_EQ(routing.Choose({.content_type = "linkedin"})->model, "b");
  }
  Routing again(manager_.get(), nullptr);
  ASSERT_TRUE(again.Open(file_).ok());
  EXPECT_EQ(again.set(), EveryRule());
  EXPECT_EQ(again.Choose({.content_type = "linkedin"})->model, "b");
  EXPECT_TRUE(again.Has("poem"));
  EXPECT_FALSE(again.Has("sonnet"));
  EXPECT_THAT(again.InForce(), SizeIs(6));
  ASSERT_TRUE(again.Set({}).ok());
  EXPECT_FALSE(fs::exists(file_));
  EXPECT_EQ(again.Choose({.content_type = "linkedin"})->model, "a");
}

TEST_F(RoutingTest, ARefusedSetChangesNeitherFileNorRoutes) {
  Routing routing(manager_.get(), nullptr);
  ASSERT_TRUE(routing.Open(file_).ok());
  ASSERT_TRUE(routing.Set(EveryRule()).ok());
  EXPECT_TRUE(
      absl::IsInvalidArgument(routing.Set({{.content_type = "linkedin", .models = {"nope"}}})));
  EXPECT_EQ(*ReadRouteFile(file_), EveryRule());
  // A folder where the new file would be written: nothing can be.
  fs::create_directories(file_ + ".tmp");
  EXPECT_FALSE(routing.Set({{.content_type = "linkedin", .models = {"a"}}}).ok());
  EXPECT_EQ(routing.set(), EveryRule());
}

TEST_F(RoutingTest, ADamagedFileStopsTheStartAndSaysWhere) {
  std::ofstream(file_) << "{\"routes\": {\n  \"email\": {\"rule\": \"weighted\"}}}";
  Routing routing(manager_.get(), nullptr);
  const absl::Status status = routing.Open(file_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat(file_, ":2: routes.email.models: is empty")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("or delete it"));
}

TEST_F(RoutingTest, ModelsThatTheCatalogLostArePassedOverAtAStart) {
  std::ofstream(file_) << R"({"routes": {"email": {"rule": "fallback", "models": ["gone", "b"]}}})";
  Routing routing(manager_.get(), nullptr);
  ASSERT_TRUE(routing.Open(file_).ok());
  EXPECT_EQ(routing.Choose({.content_type = "email"})->model, "b");
}

TEST_F(RoutingTest, RequestsWithoutAKeySpreadAndThoseWithOneStay) {
  Routing routing(manager_.get(), nullptr);
  ASSERT_TRUE(routing
                  .Set({{.content_type = "email",
                         .rule = RouteRule::kWeighted,
                         .models = {"a", "b"},
                         .weights = {1, 1}}})
                  .ok());
  constexpr int kRequests = 2000;
  int first = 0;
  for (int i = 0; i < kRequests; ++i) {
    if (routing.Choose({.content_type = "email"})->model == "a") ++first;
  }
  // Five standard deviations.
  EXPECT_NEAR(first, 0.5 * kRequests, 112);
  const std::string model = routing.Choose({.content_type = "email", .key = "k"})->model;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(routing.Choose({.content_type = "email", .key = "k"})->model, model);
  }
}

TEST_F(RoutingTest, APromptIsClassifiedOnlyWhereThatIsOnAndTheTypeHasARoute) {
  const RoutingInput post{.prompt = "Write a LinkedIn post about bread"};
  EXPECT_TRUE(absl::IsInvalidArgument(Routing(manager_.get(), nullptr).Choose(post).status()));
  const Routing routing(manager_.get(), nullptr, /*classify=*/true);
  const auto decision = routing.Choose(post);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->model, "a");
  EXPECT_EQ(decision->rule, "fixed");
  EXPECT_EQ(decision->content_type, "linkedin");
  EXPECT_THAT(decision->reason, testing::StartsWith("classified as 'linkedin' (0."));
  EXPECT_EQ(routing.Choose({.model = "b", .prompt = post.prompt})->content_type, "");
  EXPECT_TRUE(absl::IsInvalidArgument(routing.Choose({.prompt = "Write a tweet"}).status()));
}

TEST_F(RoutingTest, OneContentTypeIsSetBesideOthersWhoseModelsAreGone) {
  Routing routing(manager_.get(), nullptr);
  const std::string file = (folder_ / "beside.json").string();
  ASSERT_TRUE(routing.Open(file).ok());
  ASSERT_TRUE(routing
                  .Set({{.content_type = "email", .models = {"a"}},
                        {.content_type = "blog", .models = {"b"}}})
                  .ok());
  registry::Catalog without;
  without.models = {manager_->Get("a")->entry};
  manager_->Reload(std::move(without));
  ASSERT_TRUE(routing.Add({{.content_type = "email", .models = {"a"}}}).ok());
  ASSERT_TRUE(routing.Add({{.content_type = "technical", .models = {"a"}}}).ok());
  EXPECT_THAT(routing.set(), SizeIs(3));
  EXPECT_TRUE(absl::IsInvalidArgument(routing.Add({{.content_type = "email", .models = {"b"}}})));
  EXPECT_THAT(routing.set(), SizeIs(3));
  Routing again(manager_.get(), nullptr);
  ASSERT_TRUE(again.Open(file).ok());
  EXPECT_EQ(again.set(), routing.set());
}

TEST_F(RoutingTest, SeveralThatSetOneContentTypeEachLoseNone) {
  Routing routing(manager_.get(), nullptr);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_TRUE(routing.Add({{.content_type = absl::StrCat("t", i), .models = {"a"}}}).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(routing.set(), SizeIs(8));
}

TEST(RouteProtoTest, PoliciesSurviveTheWire) {
  for (const RoutePolicy& policy : EveryRule()) {
    assay::v1::ContentRoute wire;
    ToProto(policy, &wire);
    EXPECT_EQ(*FromProto(wire), policy);
  }
  assay::v1::ContentRoute wire;
  wire.set_rule("best");
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(wire).status()));
  wire.set_rule("weighted");
  wire.set_model("a");
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(wire).status()));
  wire.clear_model();
  wire.set_explore(0.1);
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(wire).status()));
}

evaluator::Evaluation Finished(const std::string& id, double mean, const std::string& revision) {
  evaluator::Evaluation evaluation;
  evaluation.id = id;
  evaluation.state = evaluator::EvaluationState::kSucceeded;
  evaluation.started_at = absl::FromUnixSeconds(1000);
  evaluation.finished_at = absl::FromUnixSeconds(2000);
  evaluator::Summary summary;
  summary.success_rate = 1;
  summary.model = "a";
  summary.content_type = "poem";
  summary.quality_score = {.n = 40, .mean = mean, .ci_low = mean - 1, .ci_high = mean + 1};
  summary.latency_ms.p90 = 1250;
  summary.cost_usd.mean = 1.7e-6;
  summary.revision = revision;
  summary.resident_bytes = 7;
  summary.scorer = "assay";
  summary.scorer_version = "1";
  evaluation.summaries = {summary};
  return evaluation;
}

TEST_F(RoutingTest, EvaluationsBecomeEvidenceAlsoAfterARestart) {
  auto store = evaluator::RunStore::Open((folder_ / "runs.db").string());
  ASSERT_TRUE(store.ok());
  evaluator::Evaluation evaluation = Finished("ev-1", 8, "r1");
  evaluator::Evaluation begun = evaluation;
  begun.state = evaluator::EvaluationState::kRunning;
  ASSERT_TRUE((*store)->Begin(begun, {}).ok());
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
  // Of an older record, by its plan.
  EXPECT_EQ(known[0].workload_fingerprint, evaluator::WorkloadFingerprint({}, "poem"));
  EXPECT_EQ(known[0].samples, 40);
  EXPECT_EQ(known[0].ci_low, 7);
  EXPECT_EQ(known[0].latency_p90, absl::Milliseconds(1250));
  EXPECT_EQ(known[0].cost_usd, 1.7e-6);
  EXPECT_EQ(known[0].resident_bytes, 7);
  EXPECT_EQ(known[0].finished_at, evaluation.finished_at);

  evidence.Add(Finished("ev-2", 3, ""));
  evaluation.state = evaluator::EvaluationState::kCancelled;
  evidence.Add(evaluation);
  EXPECT_THAT(evidence.For("poem"), SizeIs(1));
  for (int i = 0; i < 40; ++i) {
    evaluator::Evaluation later = Finished(absl::StrCat("later-", i), 5, "r1");
    later.finished_at += absl::Seconds(i + 1);
    evidence.Add(later);
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

TEST(RouteEvidenceTest, QuickLooksPushNoGoodEvaluationOut) {
  RouteEvidence evidence([](const registry::ModelEntry&) { return "r1"; });
  evidence.Add(At(1, 40));
  evidence.Add(At(2, 60));
  for (int i = 3; i < 100; ++i) evidence.Add(At(i, 3));
  const std::vector<registry::Evidence> known = evidence.For("poem");
  ASSERT_THAT(known, SizeIs(16));
  EXPECT_EQ(known.front().evaluation_id, "ev-2");
  EXPECT_EQ(known.back().evaluation_id, "ev-99");
}

// Read newest first, as the store lists them, they come to the same.
TEST(RouteEvidenceTest, WhatIsKeptDoesNotDependOnTheOrderItComesIn) {
  RouteEvidence evidence([](const registry::ModelEntry&) { return "r1"; });
  for (int i = 99; i >= 3; --i) evidence.Add(At(i, 3));
  evidence.Add(At(2, 60));
  evidence.Add(At(1, 40));
  const std::vector<registry::Evidence> known = evidence.For("poem");
  ASSERT_THAT(known, SizeIs(16));
  EXPECT_EQ(known.front().evaluation_id, "ev-99");
  EXPECT_EQ(known.back().evaluation_id, "ev-2");
}

TEST(RouteEvidenceTest, VersionsOfAScorerAndRevisionsAreKeptApartAndBounded) {
  RouteEvidence evidence([](const registry::ModelEntry&) { return "r1"; });
  evidence.Add(At(1, 3));
  for (int i = 2; i < 40; ++i) {
    evaluator::Evaluation other = At(i, 40);
    other.summaries[0].scorer_version = "2";
    evidence.Add(other);
  }
  EXPECT_THAT(evidence.For("poem"), SizeIs(17));
  for (int i = 40; i < 1000; ++i) evidence.Add(At(i, 40, absl::StrCat("r", i)));
  EXPECT_THAT(evidence.For("poem"), SizeIs(256));
  EXPECT_EQ(evidence.For("poem").back().evaluation_id, "ev-999");
}

TEST_F(RoutingTest, TheReplyOfAnAutoRouteHasTheEvidenceOfTheDeployedRevision) {
  registry::Revisions revisions("", "cpu");
  RouteEvidence evidence([&](const registry::ModelEntry& entry) { return revisions.Of(entry); });
  Routing routing(manager_.get(), &evidence);
  ASSERT_TRUE(
      routing.Set({{.content_type = "poem", .rule = RouteRule::kAuto, .otherwise = "b"}}).ok());
  EXPECT_EQ(routing.Choose({.content_type = "poem"})->model, "b");
  evidence.Add(Finished("ev-old", 9, "sha256:ffffffffffff"));
  EXPECT_THAT(routing.Choose({.content_type = "poem"})->reason,
              HasSubstr("a: evaluated at another revision"));
  evidence.Add(Finished("ev-new", 8, routing.RevisionOf("a")));
  const auto decision = routing.Choose({.content_type = "poem"});
  EXPECT_EQ(decision->model, "a");
  assay::v1::Route route;
  ToProto(*decision, &route);
  EXPECT_EQ(route.evidence().evaluation_id(), "ev-new");
  EXPECT_EQ(route.evidence().latency_p90_ms(), 1250);
}

}  // namespace
}  // namespace assay::server
