// assay routes, against a scripted server.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    v1::ContentRoute* email = daemon_.models.routes.add_routes();
    email->set_content_type("email");
    email->set_rule("weighted");
    email->add_models("a");
    email->add_models("b");
    email->add_weights(90);
    email->add_weights(10);
    email->set_origin("set");
    v1::ContentRoute* blog = daemon_.models.routes.add_routes();
    blog->set_content_type("blog");
    blog->set_rule("auto");
    blog->mutable_limits()->set_scorer("classic");
    blog->mutable_limits()->set_min_samples(20);
    blog->mutable_limits()->set_max_latency_p90_ms(2500);
    blog->add_fallback("a");
    blog->set_origin("catalog");
    daemon_.models.routes.set_default_model("a");

    v1::ExplainRouteResponse& explanation = daemon_.models.explanation;
    explanation.set_model("b");
    explanation.mutable_route()->set_rule("auto");
    explanation.mutable_route()->set_reason("best\x1b[31m quality");
    explanation.add_alternatives("a");
    v1::RouteCandidate* chosen = explanation.add_candidates();
    chosen->set_model("b");
    chosen->set_note("chosen");
    chosen->set_revision("sha256:0123456789ab");
    chosen->mutable_evidence()->set_samples(40);
    chosen->mutable_evidence()->set_mean(8.125);
    chosen->mutable_evidence()->set_ci_low(7.5);
    chosen->mutable_evidence()->set_ci_high(8.75);
    chosen->mutable_evidence()->set_evaluation_id("ev-1");
    v1::RouteCandidate* other = explanation.add_candidates();
    other->set_model("c");
    other->set_note("not evaluated");
  }

  FakeDaemon daemon_;
};

TEST_F(RoutesTest, TableHasARowPerContentType) {
  const CliResult result = daemon_.Run({"routes"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, ::testing::ContainsRegex("email +weighted +a:90, b:10 +- +- +set"));
  EXPECT_THAT(result.out,
              ::testing::ContainsRegex("blog +auto +all +a +classic n>=20, p90<=2.5s +catalog"));
  EXPECT_THAT(result.out, HasSubstr("content types without a route: a\n"));
}

TEST_F(RoutesTest, ExplainSendsTheRequestAndShowsEveryCandidate) {
  const CliResult result = daemon_.Run(
      {"routes", "explain", "--content-type", "blog", "--key", "k1", "--model", "m", "Write"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(daemon_.models.explained.content_type(), "blog");
  EXPECT_EQ(daemon_.models.explained.routing_key(), "k1");
  EXPECT_EQ(daemon_.models.explained.model(), "m");
  EXPECT_EQ(daemon_.models.explained.prompt(), "Write");
  EXPECT_THAT(result.out, HasSubstr("b (auto)\nbest[31m quality\nif it is down or full: a\n"));
  EXPECT_THAT(result.out, ::testing::ContainsRegex("b +chosen +40 +8.1[23] +7.50..8.75"));
  EXPECT_THAT(result.out, ::testing::ContainsRegex("c +not evaluated +- "));
}

TEST_F(RoutesTest, SetOfOneContentTypeKeepsTheOtherRoutes) {
  EXPECT_EQ(daemon_.Run({"routes", "set", "twitter", "b"}).code, kExitOk);
  ASSERT_EQ(daemon_.models.set.routes_size(), 1);
  EXPECT_EQ(daemon_.models.set.routes(0).content_type(), "twitter");
  EXPECT_EQ(daemon_.models.set.routes(0).model(), "b");
  EXPECT_TRUE(daemon_.models.set.keep_others());
  EXPECT_EQ(daemon_.Run({"routes", "set", "email", "nope"}).code, kExitUsage);
}

TEST_F(RoutesTest, SetOfAFileSendsItsTextAndItsName) {
  const std::string path = ::testing::TempDir() + "/routes_test." + std::to_string(getpid());
  std::ofstream(path) << "routes: { email: { model: a } }\n";
  EXPECT_EQ(daemon_.Run({"routes", "set", path}).code, kExitOk);
  EXPECT_EQ(daemon_.models.set.yaml(), "routes: { email: { model: a } }\n");
  EXPECT_EQ(daemon_.models.set.yaml_name(), path);
  EXPECT_FALSE(daemon_.models.set.keep_others());
  std::remove(path.c_str());
  const CliResult missing = daemon_.Run({"routes", "set", path});
  EXPECT_EQ(missing.code, kExitUsage);
  EXPECT_THAT(missing.err, HasSubstr(path));
}

TEST_F(RoutesTest, ResetSendsNoRoutesAndJsonIsOneLine) {
  daemon_.models.set.set_yaml("old");
  const CliResult result = daemon_.Run({"--json", "routes", "reset"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_EQ(daemon_.models.set.yaml(), "");
  EXPECT_EQ(nlohmann::json::parse(result.out)["routes"][0]["weights"][1], 10);
  EXPECT_EQ(nlohmann::json::parse(daemon_.Run({"--json", "routes"}).out)["defaultModel"], "a");
  EXPECT_EQ(daemon_.Run({"routes", "set"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"routes", "set", "a", "b", "c"}).code, kExitUsage);
}

}  // namespace
}  // namespace assay::client
