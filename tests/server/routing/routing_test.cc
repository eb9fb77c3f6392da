// Routes that are set, and decisions by them.
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
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/revision.h"
#include "registry/residency/manager.h"
#include "server/routing/route_evidence.h"
#include "server/routing/route_file.h"
#include "tests/server/routing/finished_evaluation.h"
#include "tests/server/routing/route_policies.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;
using registry::RoutePolicy;
using registry::RouteRule;
using testing::HasSubstr;
using testing::SizeIs;

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

TEST_F(RoutingTest, SetRoutesAreInForceAfterARestart) {
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

TEST_F(RoutingTest, RefusedSetChangesNeitherFileNorRoutes) {
  Routing routing(manager_.get(), nullptr);
  ASSERT_TRUE(routing.Open(file_).ok());
  ASSERT_TRUE(routing.Set(EveryRule()).ok());
  EXPECT_TRUE(
      absl::IsInvalidArgument(routing.Set({{.content_type = "linkedin", .models = {"nope"}}})));
  EXPECT_EQ(*ReadRouteFile(file_), EveryRule());
  // A folder at the path of the file makes writing fail.
  fs::remove(file_);
  fs::create_directories(file_ + "/inside");
  EXPECT_FALSE(routing.Set({{.content_type = "linkedin", .models = {"a"}}}).ok());
  EXPECT_EQ(routing.set(), EveryRule());
}

TEST_F(RoutingTest, DamagedFileFailsWithItsLine) {
  std::ofstream(file_) << "{\"routes\": {\n  \"email\": {\"rule\": \"weighted\"}}}";
  Routing routing(manager_.get(), nullptr);
  const absl::Status status = routing.Open(file_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat(file_, ":2: routes.email.models: is empty")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("or delete it"));
}

TEST_F(RoutingTest, ModelsMissingFromTheCatalogAreSkippedAtStart) {
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

TEST_F(RoutingTest, PromptIsClassifiedOnlyIfEnabledAndTheTypeHasARoute) {
  const RoutingInput post{.prompt = "Write a LinkedIn post about bread"};
  EXPECT_TRUE(absl::IsInvalidArgument(Routing(manager_.get(), nullptr).Choose(post).status()));
  const Routing routing(manager_.get(), nullptr, {.classify = true});
  const auto decision = routing.Choose(post);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->model, "a");
  EXPECT_EQ(decision->rule, "fixed");
  EXPECT_EQ(decision->content_type, "linkedin");
  EXPECT_THAT(decision->reason, testing::StartsWith("classified as 'linkedin' (0."));
  EXPECT_EQ(routing.Choose({.model = "b", .prompt = post.prompt})->content_type, "");
  EXPECT_TRUE(absl::IsInvalidArgument(routing.Choose({.prompt = "Write a tweet"}).status()));
}

class UnknownContentTypeTest : public RoutingTest {
 protected:
  UnknownContentTypeTest() {
    registry::Catalog catalog = *manager_->catalog();
    catalog.content_types = {"email", "linkedin", "twitter"};
    catalog.default_model = "b";
    known_ = std::make_unique<registry::Manager>(catalog, &loader_, registry::Manager::Options{},
                                                 nullptr);
  }
  std::unique_ptr<registry::Manager> known_;
};

TEST_F(UnknownContentTypeTest, IsRefusedWithTheNearestAndTheKnownOnes) {
  const Routing routing(known_.get(), nullptr);
  for (const char* model : {"", "a"}) {
    const auto refused = routing.Choose({.model = model, .content_type = "linkdin"});
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(refused.status().message()),
              "content_type: 'linkdin' is not a content type known here; did you mean 'linkedin'? "
              "known are email, linkedin, twitter. Declare one of your own under "
              "evaluation.content_types of assayd.yaml, or send such requests to the default "
              "model with routing.unknown");
  }
}

TEST_F(UnknownContentTypeTest, KnownOnesAndNoneGoToTheDefaultModelAsBefore) {
  Routing routing(known_.get(), nullptr);
  for (const char* type : {"", "email"}) {
    EXPECT_EQ(routing.Choose({.content_type = type})->model, "b") << type;
    EXPECT_EQ(routing.Choose({.content_type = type})->rule, "default") << type;
  }
  EXPECT_EQ(routing.Choose({.model = "a", .content_type = "email"})->model, "a");
  // The catalog routes it, although it is not a known type.
  EXPECT_EQ(routing.Choose({.content_type = "poem"})->model, "a");
}

TEST_F(UnknownContentTypeTest, GoesToTheDefaultModelIfConfigured) {
  const Routing routing(known_.get(), nullptr, {.refuse_unknown = false});
  const auto decision = routing.Choose({.content_type = "linkdin"});
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->model, "b");
  EXPECT_EQ(decision->reason, "no route for content type 'linkdin'");
}

TEST_F(RoutingTest, AddKeepsOtherContentTypesWhoseModelsAreGone) {
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

TEST_F(RoutingTest, ConcurrentAddsLoseNoRoute) {
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

TEST_F(RoutingTest, AutoRouteUsesTheEvidenceOfTheDeployedRevision) {
  registry::Revisions revisions("", "cpu");
  RouteEvidence evidence([&](const registry::ModelEntry& entry) { return revisions.Of(entry); });
  Routing routing(manager_.get(), &evidence);
  ASSERT_TRUE(
      routing.Set({{.content_type = "poem", .rule = RouteRule::kAuto, .otherwise = "b"}}).ok());
  EXPECT_EQ(routing.Choose({.content_type = "poem"})->model, "b");
  evidence.Add(Finished("ev-old", 9, "sha256:ffffffffffff"), FinishedSamples(9));
  EXPECT_THAT(routing.Choose({.content_type = "poem"})->reason,
              HasSubstr("a: evaluated at another revision"));
  evidence.Add(Finished("ev-new", 8, routing.RevisionOf("a")), FinishedSamples(8));
  const auto decision = routing.Choose({.content_type = "poem"});
  EXPECT_EQ(decision->model, "a");
  EXPECT_EQ(decision->evidence->evaluation_id, "ev-new");

  // The route rests on one of the two. Without it, the route is as before.
  const auto in_use = routing.EvaluationsInUse();
  ASSERT_THAT(in_use, SizeIs(1));
  EXPECT_THAT(in_use.at("ev-new"), testing::ElementsAre("poem"));
  evidence.Remove(std::vector<std::string>{"ev-new"});
  EXPECT_EQ(routing.Choose({.content_type = "poem"})->model, "b");
  EXPECT_THAT(routing.EvaluationsInUse(), testing::IsEmpty());
}

TEST_F(RoutingTest, OnlyAutoRoutesRestOnEvaluations) {
  registry::Revisions revisions("", "cpu");
  RouteEvidence evidence([&](const registry::ModelEntry& entry) { return revisions.Of(entry); });
  Routing routing(manager_.get(), &evidence);
  evidence.Add(Finished("ev-1", 8, routing.RevisionOf("a")), FinishedSamples(8));
  EXPECT_THAT(routing.EvaluationsInUse(), testing::IsEmpty());
  ASSERT_TRUE(routing.Set({{.content_type = "poem", .models = {"a"}}}).ok());
  EXPECT_THAT(routing.EvaluationsInUse(), testing::IsEmpty());
  // A route among other models.
  ASSERT_TRUE(
      routing.Set({{.content_type = "poem", .rule = RouteRule::kAuto, .models = {"b"}}}).ok());
  EXPECT_THAT(routing.EvaluationsInUse(), testing::IsEmpty());
}

TEST_F(RoutingTest, OldEvidenceKeepsTheRouteAndIsReportedOnceADay) {
  absl::Time now = absl::FromUnixSeconds(2000);
  registry::Revisions revisions("", "cpu");
  RouteEvidence evidence([&](const registry::ModelEntry& entry) { return revisions.Of(entry); },
                         {.max_age = absl::Hours(90 * 24), .clock = [&now] { return now; }});
  std::vector<std::string> reported;
  Routing routing(manager_.get(), &evidence,
                  {.on_old_evidence = [&](const registry::RouteDecision& decision) {
                    reported.push_back(decision.content_type + " " + decision.model);
                  }});
  ASSERT_TRUE(
      routing.Set({{.content_type = "poem", .rule = RouteRule::kAuto, .otherwise = "b"}}).ok());
  evidence.Add(Finished("ev-1", 8, routing.RevisionOf("a")), FinishedSamples(8));
  now += absl::Hours(90 * 24);
  EXPECT_THAT(routing.Choose({.content_type = "poem"})->reason, HasSubstr("90 days old"));
  EXPECT_THAT(reported, SizeIs(0));
  now += absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(routing.Choose({.content_type = "poem"})->model, "a");
  EXPECT_EQ(reported, std::vector<std::string>({"poem a"}));
  now += absl::Hours(25);
  EXPECT_THAT(routing.Choose({.content_type = "poem"})->reason,
              HasSubstr("is older than 90 days; evaluate again"));
  EXPECT_THAT(reported, SizeIs(2));
}

}  // namespace
}  // namespace assay::server
