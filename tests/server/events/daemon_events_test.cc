// Log lines and metrics of daemon events.
#include "server/events/daemon_events.h"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/events/log.h"
#include "spdlog/spdlog.h"
#include "tests/server/events/request_record.h"

namespace assay::server {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class DaemonEventsTest : public testing::Test {
 protected:
  void SetUp() override {
    spdlog::drop_all();
    testing::internal::CaptureStderr();
    InitLog("info", "json");
  }
  void TearDown() override {
    if (!read_) testing::internal::GetCapturedStderr();
    spdlog::drop_all();
    InitLog("info", "text");
  }
  std::string Log() {
    read_ = true;
    return testing::internal::GetCapturedStderr();
  }

 private:
  bool read_ = false;
};

const BuildInfo kBuild{"1", "2", "cpu"};

TEST_F(DaemonEventsTest, RequestIsOneLineWithIdsAndWithoutText) {
  DaemonEvents events(kBuild, {});
  const SomeRequest some;
  events.OnRequest(some.record);
  const std::string log = Log();
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  const json line = json::parse(log);
  EXPECT_EQ(line.at("event"), "request");
  EXPECT_EQ(line.at("request_id"), "r-1");
  EXPECT_EQ(line.at("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(line.at("method"), "assay.v1.InferenceService/Generate");
  EXPECT_EQ(line.at("peer"), "ipv4:127.0.0.1:4711");
  EXPECT_EQ(line.at("model"), "m1");
  EXPECT_EQ(line.at("status"), "ok");
  EXPECT_EQ(line.at("duration_ms"), 210);
  EXPECT_EQ(line.at("first_token_ms"), 80);
  EXPECT_EQ(line.at("completion_tokens"), 7);
  EXPECT_EQ(line.at("cached_tokens"), 4);
  EXPECT_EQ(line.at("finish_reason"), "length");
}

TEST_F(DaemonEventsTest, PromptAndTextAreLoggedWithLogPrompts) {
  DaemonEvents events(kBuild, {.log_prompts = true});
  const SomeRequest some;
  events.OnRequest(some.record);
  const json line = json::parse(Log());
  EXPECT_THAT(line.at("prompt").get<std::string>(), HasSubstr("a secret plan"));
  EXPECT_EQ(line.at("text"), "a secret text");
}

TEST_F(DaemonEventsTest, MessageThatMayQuoteTheCallerIsNotLogged) {
  DaemonEvents events(kBuild, {});
  SomeRequest some;
  some.record.status = absl::InvalidArgumentError("tools_json: last read: 'secret'");
  events.OnRequest(some.record);
  some.record.status = absl::DataLossError("model.gguf is truncated");
  events.OnRequest(some.record);
  const std::string log = Log();
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  EXPECT_THAT(log, HasSubstr("invalid_argument"));
  EXPECT_THAT(log, HasSubstr("model.gguf is truncated"));
}

TEST_F(DaemonEventsTest, CallsAreLoggedExceptHealthChecks) {
  DaemonEvents events(kBuild, {});
  events.metrics().DeclareMethods({"assay.v1.ModelService/LoadModel"});
  CallRecord call{.context = {.request_id = "r-2", .method = "assay.v1.ModelService/LoadModel"},
                  .status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining"),
                  .duration = absl::Milliseconds(5)};
  events.OnCall(call);
  call.context.method = "grpc.health.v1.Health/Check";
  events.OnCall(call);
  const json line = json::parse(Log());
  EXPECT_EQ(line.at("event"), "call");
  EXPECT_EQ(line.at("request_id"), "r-2");
  EXPECT_EQ(line.at("status"), "unavailable");
  EXPECT_EQ(line.at("error"), "draining");
  const std::string text = events.metrics().Text();
  EXPECT_THAT(text, HasSubstr("assay_rpcs_total{method=\"assay.v1.ModelService/LoadModel\","
                              "status=\"unavailable\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("assay_rpcs_total{method=\"other\",status=\"unavailable\"} 1\n"));
}

TEST_F(DaemonEventsTest, CallsNameTheirKey) {
  DaemonEvents events(kBuild, {});
  for (const PresentedKey& key :
       {PresentedKey{.name = "website"}, PresentedKey{.is_unknown = true}, PresentedKey{}}) {
    events.OnCall({.context = {.method = "assay.v1.ModelService/ListModels"}, .key = key});
  }
  std::vector<json> lines;
  std::istringstream log(Log());
  for (std::string line; std::getline(log, line);) lines.push_back(json::parse(line));
  ASSERT_EQ(lines.size(), 3);
  EXPECT_EQ(lines[0].at("key"), "website");
  EXPECT_FALSE(lines[0].contains("unknown_key"));
  EXPECT_EQ(lines[1].at("unknown_key"), true);
  EXPECT_FALSE(lines[1].contains("key"));
  EXPECT_FALSE(lines[2].contains("key") || lines[2].contains("unknown_key"));
}

TEST_F(DaemonEventsTest, ScoresOfKnownEvaluationsAreSet) {
  DaemonEvents events(kBuild, {});
  registry::Catalog catalog;
  catalog.models = {{.id = "m1"}};
  events.Declare(catalog, {});
  evaluator::Evaluation evaluation;
  evaluation.state = evaluator::EvaluationState::kSucceeded;
  evaluation.finished_at = absl::FromUnixSeconds(1234);
  evaluator::Summary summary;
  summary.model = "m1";
  summary.content_type = "linkedin";
  summary.quality_score = {.n = 6, .mean = 7.5, .ci_low = 7, .ci_high = 8};
  evaluation.summaries = {summary};
  // The catalog has no candidate with its own system message.
  summary.model = "m1.writer";
  summary.quality_score.mean = 1;
  evaluation.summaries.push_back(summary);
  events.OnKnownEvaluation(evaluation);
  const std::string text = events.metrics().Text();
  EXPECT_THAT(text,
              HasSubstr("assay_evaluation_score{content_type=\"linkedin\",model=\"m1\"} 7.5"));
  EXPECT_THAT(text,
              Not(HasSubstr("assay_evaluation_score{content_type=\"linkedin\",model=\"other\"}")));
  EXPECT_THAT(text, HasSubstr("assay_evaluation_last_success_timestamp_seconds 1234\n"));
  EXPECT_THAT(text, HasSubstr("assay_evaluations_total{state=\"succeeded\"} 0\n"));
}

TEST_F(DaemonEventsTest, AScoreOfTooFewPromptsHasNoInterval) {
  DaemonEvents events(kBuild, {});
  registry::Catalog catalog;
  catalog.models = {{.id = "m1"}};
  events.Declare(catalog, {});
  evaluator::Evaluation evaluation;
  evaluator::Summary summary;
  summary.model = "m1";
  const auto lower = [&](const char* type, int prompts) {
    summary.content_type = type;
    summary.quality_score = {.n = prompts, .mean = 7.5, .ci_low = 7, .ci_high = 8};
    evaluation.summaries = {summary};
    events.OnKnownEvaluation(evaluation);
    return absl::StrCat("assay_evaluation_score_lower{content_type=\"", type, "\",model=\"m1\"} ");
  };
  const std::string few = lower("linkedin", 3);
  const std::string enough = lower("blog", 6);
  EXPECT_THAT(events.metrics().Text(), HasSubstr(few + "Nan\n"));
  EXPECT_THAT(events.metrics().Text(), HasSubstr(enough + "7\n"));
}

TEST_F(DaemonEventsTest, BuiltInModelIsDeclaredAtItsFirstUse) {
  DaemonEvents events(kBuild, {});
  registry::Catalog catalog;
  catalog.models = {{.id = "mine"}, {.id = "theirs", .built_in = true}};
  events.Declare(catalog, {});
  EXPECT_TRUE(events.IsDeclared("mine"));
  EXPECT_FALSE(events.IsDeclared("theirs"));
  registry::ModelStatus status{.entry = catalog.models[1], .state = registry::ModelState::kLoading};
  events.OnModel(status);
  EXPECT_TRUE(events.IsDeclared("theirs"));
  EXPECT_THAT(events.metrics().Text(),
              HasSubstr("assay_model_state{model=\"theirs\",state=\"loading\"} 1\n"));
  events.Declare({}, {});
  EXPECT_FALSE(events.IsDeclared("theirs"));
}

// Prometheus sees no increase in a series that begins with its first failure.
TEST_F(DaemonEventsTest, BuiltInModelsOfDefaultAndRoutesAreDeclaredAtOnce) {
  DaemonEvents events(kBuild, {});
  registry::Catalog catalog;
  for (const char* id : {"default", "routed", "next", "else", "unused"}) {
    catalog.models.push_back({.id = id, .built_in = true});
  }
  catalog.default_model = "default";
  catalog.routes = {{.content_type = "blog", .models = {"routed"}, .fallback = {"next"}}};
  events.Declare(catalog, {{.content_type = "email", .otherwise = "else"}});
  for (const char* id : {"default", "routed", "next", "else"}) {
    EXPECT_TRUE(events.IsDeclared(id)) << id;
  }
  EXPECT_FALSE(events.IsDeclared("unused"));
}

TEST_F(DaemonEventsTest, KnownEvaluationDeclaresItsBuiltInModel) {
  DaemonEvents events(kBuild, {});
  registry::Catalog catalog;
  catalog.models = {{.id = "theirs", .built_in = true}};
  events.Declare(catalog, {});
  evaluator::Evaluation evaluation;
  evaluator::Summary summary;
  summary.model = "theirs";
  summary.content_type = "linkedin";
  summary.quality_score = {.n = 6, .mean = 7.5, .ci_low = 7, .ci_high = 8};
  evaluation.summaries = {summary};
  events.OnKnownEvaluation(evaluation);
  EXPECT_THAT(events.metrics().Text(),
              HasSubstr("assay_evaluation_score{content_type=\"linkedin\",model=\"theirs\"} 7.5"));
}

TEST_F(DaemonEventsTest, PromptOfAMeasurementIsNoPrefixCacheQuery) {
  DaemonEvents events(kBuild, {});
  registry::Catalog catalog;
  catalog.models = {{.id = "m1"}};
  events.Declare(catalog, {});
  SomeRequest some;
  some.call.reuse_prefix = false;
  events.OnRequest(some.record);
  EXPECT_THAT(events.metrics().Text(),
              HasSubstr("assay_prefix_cache_queried_tokens_total{model=\"m1\"} 0\n"));
}

}  // namespace
}  // namespace assay::server
