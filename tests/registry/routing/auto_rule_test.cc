// Tests of the auto rule.
#include "registry/routing/auto_rule.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FakeEvidence final : public EvidenceSource {
 public:
  std::vector<Evidence> For(std::string_view content_type) const override {
    return content_type == "blog" ? evidence : std::vector<Evidence>();
  }
  std::string RevisionOf(const ModelEntry& entry) const override {
    const auto it = deployed.find(entry.id);
    return it == deployed.end() ? "r1" : it->second;
  }

  absl::Time Now() const override { return now; }
  absl::Duration MaxAge() const override { return max_age; }

  absl::Time now = absl::FromUnixSeconds(1000) + absl::Hours(30);
  absl::Duration max_age = absl::InfiniteDuration();
  std::vector<Evidence> evidence;
  std::map<std::string, std::string> deployed;
};

// Returns 40 prompts with these means. `spread` alternates about the mean score, and costs vary by
// a thousandth.
std::shared_ptr<const PromptResults> Results(double mean, double spread, double cost) {
  PromptResults results;
  for (uint64_t i = 0; i < 40; ++i) {
    const double sign = i % 2 == 0 ? 1 : -1;
    results.push_back(
        {.prompt = i, .score = mean + sign * spread, .cost_usd = cost * (1 + sign * 1e-3)});
  }
  return std::make_shared<const PromptResults>(std::move(results));
}

Evidence Scored(const std::string& model, double mean, double half, double cost = 1) {
  return {.model = model,
          .revision = "r1",
          .evaluation_id = "ev-" + model,
          .scorer = "assay",
          .scorer_version = "1",
          .samples = 40,
          .mean = mean,
          .ci_low = mean - half,
          .ci_high = mean + half,
          .latency_p90 = absl::Seconds(1),
          .cost_usd = cost,
          .resident_bytes = 100 << 20,
          .prompts = Results(mean, half, cost),
          .finished_at = absl::FromUnixSeconds(1000)};
}

class AutoRuleTest : public testing::Test {
 protected:
  AutoRuleTest() {
    for (const char* id : {"a", "b", "c", "d"}) catalog_.models.push_back({.id = id});
    policy_.content_type = "blog";
    policy_.rule = RouteRule::kAuto;
  }
  RouteDecision Choose(const std::string& seed = "") {
    return ChooseByEvidence(catalog_, policy_, &source_, seed);
  }

  Catalog catalog_;
  RoutePolicy policy_;
  FakeEvidence source_;
};

TEST_F(AutoRuleTest, ChoosesTheBestWithItsEvidenceAsTheReason) {
  source_.evidence = {Scored("a", 6, 0.5), Scored("b", 8, 0.5), Scored("c", 5, 0.5)};
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "b");
  EXPECT_EQ(decision.rule, "auto");
  EXPECT_EQ(decision.evidence->evaluation_id, "ev-b");
  EXPECT_EQ(decision.reason,
            "best quality for 'blog' by evaluation ev-b, 30 hours old: 8.00 [7.50, 8.50] over 40 "
            "samples; "
            "a: worse than 'b': -2.00 points over 40 prompts; "
            "c: worse than 'b': -3.00 points over 40 prompts; d: not evaluated");
  EXPECT_EQ(decision.candidates.size(), 4U);
}

// The mean of one prompt has no interval, which is not an interval of width 0.
TEST_F(AutoRuleTest, AMeanWithoutAnIntervalIsUnproven) {
  source_.evidence = {Scored("a", 6, 0.5), Scored("b", 9, 0.5)};
  source_.evidence[1].ci_low = source_.evidence[1].ci_high = std::nullopt;
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "a");
  EXPECT_THAT(decision.reason, HasSubstr("b: its mean has no interval: one prompt"));
}

TEST_F(AutoRuleTest, AModelThatIsDownIsNotChosen) {
  source_.evidence = {Scored("a", 6, 0.5), Scored("b", 8, 0.5)};
  policy_.otherwise = "c";
  const auto choose = [this](const std::function<bool(std::string_view)>& down) {
    return ChooseByEvidence(catalog_, policy_, &source_, "", down);
  };
  const RouteDecision decision = choose([](std::string_view model) { return model == "b"; });
  EXPECT_EQ(decision.model, "a");
  EXPECT_THAT(decision.reason, HasSubstr("b: down"));
  EXPECT_EQ(choose([](std::string_view) { return true; }).model, "c");
  policy_.explore = 1;
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(ChooseByEvidence(catalog_, policy_, &source_, std::to_string(i),
                               [](std::string_view model) { return model == "b"; })
                  .model,
              "b");
  }
}

Evidence ScoredAt(const std::string& model, double mean, double half, absl::Time time) {
  Evidence evidence = Scored(model, mean, half);
  evidence.finished_at = time;
  evidence.evaluation_id = absl::StrCat("ev-", model, "-", absl::ToUnixSeconds(time));
  return evidence;
}

class AgingTest : public AutoRuleTest {
 protected:
  AgingTest() {
    source_.max_age = absl::Hours(90 * 24);
    source_.now = absl::FromCivil(absl::CivilDay(2026, 11, 30), absl::UTCTimeZone());
  }
  absl::Time DaysAgo(int days) const { return source_.now - absl::Hours(24 * days); }
};

TEST_F(AgingTest, OldEvidenceGivesNoModelTheRoute) {
  source_.evidence = {ScoredAt("a", 6, 0.5, DaysAgo(10)), ScoredAt("b", 6, 0.5, DaysAgo(10)),
                      ScoredAt("c", 5, 0.5, DaysAgo(213))};
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "a");
  EXPECT_FALSE(decision.is_evidence_old);
  EXPECT_THAT(
      decision.reason,
      HasSubstr("best quality for 'blog' by evaluation ev-a-1795132800, 10 days old: 6.00"));
  EXPECT_THAT(decision.reason,
              HasSubstr("c: evidence of 2026-05-01 is older than 90 days; evaluate again"));
  EXPECT_EQ(decision.candidates[2].eligibility, Eligibility::kUnproven);
}

// The model that has the route keeps it when its evidence becomes old, because time alone is no
// evidence against it.
TEST_F(AgingTest, TimeAloneMovesNoRoute) {
  source_.evidence = {ScoredAt("a", 7, 0.5, DaysAgo(89)), ScoredAt("b", 6, 0.5, DaysAgo(89))};
  EXPECT_EQ(Choose().model, "a");
  EXPECT_FALSE(Choose().is_evidence_old);
  source_.now += absl::Hours(48);
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "a");
  EXPECT_TRUE(decision.is_evidence_old);
  EXPECT_THAT(decision.reason,
              HasSubstr("keeps the route, but its evidence of 2026-09-02 is older than 90 days; "
                        "evaluate again: best quality for 'blog' by evaluation "));
  // A recent evaluation of another model alone does not take the route: it has no recent rival.
  source_.evidence.push_back(ScoredAt("b", 9, 0.5, source_.now));
  EXPECT_EQ(Choose().model, "b") << "all evidence of b shows it to be better";
}

// a was chosen by evidence that is old now; the recent evaluations alone would prefer b.
TEST_F(AgingTest, TheModelWithTheRouteIsRememberedFromOldEvidence) {
  source_.evidence = {ScoredAt("a", 7, 0.5, DaysAgo(120)), ScoredAt("b", 6.9, 0.5, DaysAgo(120)),
                      ScoredAt("a", 7, 0.5, DaysAgo(5)), ScoredAt("b", 7.05, 0.5, DaysAgo(5))};
  // The differences have a spread, so that 0.05 points are not shown.
  PromptResults uneven = *source_.evidence[3].prompts;
  for (size_t i = 0; i < uneven.size(); ++i) uneven[i].score += i % 4 < 2 ? 2 : -2;
  source_.evidence[3].prompts = std::make_shared<const PromptResults>(uneven);
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "a");
  EXPECT_FALSE(decision.is_evidence_old);
  EXPECT_THAT(decision.reason, HasSubstr("had the route before"));
  EXPECT_THAT(decision.reason, HasSubstr(", 5 days old"));
}

TEST_F(AgingTest, AWorseResultInRecentEvaluationsMovesTheRoute) {
  source_.evidence = {ScoredAt("a", 7, 0.5, DaysAgo(120)), ScoredAt("b", 6, 0.5, DaysAgo(120)),
                      ScoredAt("a", 6, 0.5, DaysAgo(5)), ScoredAt("b", 8, 0.5, DaysAgo(5))};
  EXPECT_EQ(Choose().model, "b");
}

TEST_F(AutoRuleTest, ChoosesACheaperModelThatIsShownToBeNearlyAsGood) {
  source_.evidence = {Scored("a", 7.8, 0.5, 0.5), Scored("b", 8, 0.5, 2), Scored("c", 7, 0.5, 0.1)};
  EXPECT_EQ(Choose().model, "a");
  EXPECT_THAT(Choose().reason, HasSubstr("cheaper than the best for 'blog'"));
  EXPECT_THAT(Choose().reason, HasSubstr("b: as good as 'a', not cheaper: +0.20 points"));
  EXPECT_THAT(Choose().reason, HasSubstr("c: worse than 'a'"));
  // A smaller margin does not allow it.
  policy_.limits.margin = 0.1;
  EXPECT_EQ(Choose().model, "b");
  EXPECT_THAT(Choose().reason, HasSubstr("best quality for 'blog'"));
  // Neither does a saving of less than a twentieth.
  policy_.limits.margin = 0.5;
  source_.evidence[0] = Scored("a", 7.8, 0.5, 1.95);
  EXPECT_EQ(Choose().model, "b");
}

TEST_F(AutoRuleTest, EvidenceWithoutResultsByPromptIsInsufficient) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 5, 0.1)};
  source_.evidence[0].prompts = std::make_shared<const PromptResults>();
  EXPECT_EQ(Choose().model, "b");
  EXPECT_THAT(Choose().reason, HasSubstr("a: its evaluation has no results by prompt"));
}

TEST_F(AutoRuleTest, ExcludesModelsByLimitsAndSamplesWithAReason) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 9, 0.1), Scored("c", 9, 0.1),
                      Scored("d", 1, 0.1)};
  source_.evidence[0].samples = 3;
  source_.evidence[1].latency_p90 = absl::Milliseconds(3100);
  source_.evidence[2].resident_bytes = int64_t{2} << 30;
  policy_.limits.max_latency = absl::Seconds(2);
  policy_.limits.max_memory_bytes = int64_t{1} << 30;
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "d");
  EXPECT_THAT(decision.reason, HasSubstr("a: 3 samples of 5"));
  EXPECT_THAT(decision.reason, HasSubstr("b: p90 latency 3.10 s over 2.00 s"));
  EXPECT_THAT(decision.reason, HasSubstr("c: 2048 MiB over 1024 MiB"));
  policy_.limits.max_cost_usd = 0.5;
  EXPECT_EQ(Choose().model, "a");
  EXPECT_THAT(Choose().reason, HasSubstr("d: $1 per request over $0.5"));
}

TEST_F(AutoRuleTest, AModelWithManyFailuresIsNotChosen) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 6, 0.1)};
  source_.evidence[0].success_rate = 0.5;
  const RouteDecision decision = Choose();
  EXPECT_EQ(decision.model, "b");
  EXPECT_THAT(decision.reason, HasSubstr("a: 50 % of its generations succeeded, of 95 %"));
}

TEST_F(AutoRuleTest, OnlyTheNewestEvidenceOfTheDeployedRevisionCounts) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 5, 0.1)};
  source_.deployed["a"] = "r2";
  EXPECT_EQ(Choose().model, "b");
  EXPECT_THAT(Choose().reason, HasSubstr("a: evaluated at another revision"));
  source_.deployed["a"] = "";
  source_.evidence[0].revision = "";
  EXPECT_EQ(Choose().model, "b");

  source_.deployed.clear();
  Evidence newer = Scored("b", 2, 0.1);
  newer.evaluation_id = "ev-newer";
  newer.finished_at += absl::Hours(1);
  source_.evidence = {Scored("b", 9, 0.1), newer, Scored("a", 4, 0.1)};
  EXPECT_EQ(Choose().model, "a");
  EXPECT_EQ(Choose().candidates[1].evidence->evaluation_id, "ev-newer");
  // A quick evaluation does not replace the evidence.
  source_.evidence[1].samples = 3;
  EXPECT_EQ(Choose().model, "b");
  EXPECT_EQ(Choose().evidence->evaluation_id, "ev-b");
}

TEST_F(AutoRuleTest, ScoresOfOtherScorersAndVersionsAreNotComparable) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 5, 0.1)};
  source_.evidence[0].scorer = "classic";
  EXPECT_EQ(Choose().model, "b");
  source_.evidence[0].scorer = "assay";
  source_.evidence[1].scorer_version = "2";
  source_.evidence[1].finished_at += absl::Hours(1);
  EXPECT_EQ(Choose().model, "b");
  EXPECT_THAT(Choose().reason, HasSubstr("a: scored by assay 1, others by 2"));
}

// Otherwise a model that was evaluated on easy prompts would win over one evaluated on hard
// prompts.
TEST_F(AutoRuleTest, MeansOverOtherPromptsOrSettingsAreNotComparable) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 5, 0.1), Scored("c", 4, 0.1)};
  source_.evidence[0].workload_fingerprint = "easy";
  for (size_t i : {1U, 2U}) {
    source_.evidence[i].workload_fingerprint = "hard";
    source_.evidence[i].finished_at += absl::Hours(1);
  }
  EXPECT_EQ(Choose().model, "b");
  EXPECT_THAT(Choose().reason, HasSubstr("a: evaluated on other prompts or settings"));
  // A quick evaluation of one model on other prompts changes nothing.
  Evidence quick = Scored("c", 9, 0.1);
  quick.workload_fingerprint = "easy";
  quick.samples = 3;
  quick.finished_at += absl::Hours(2);
  source_.evidence.push_back(quick);
  EXPECT_EQ(Choose().model, "b");
  // An older comparable evaluation has precedence over a newer one that is not comparable.
  Evidence hard = Scored("a", 6, 0.1);
  hard.workload_fingerprint = "hard";
  hard.finished_at -= absl::Hours(1);
  source_.evidence.push_back(hard);
  EXPECT_EQ(Choose().model, "a");
  EXPECT_EQ(Choose().evidence->mean, 6);
}

TEST_F(AutoRuleTest, WithoutEvidenceUsesOtherwiseThenTheDefaultThenTheFirst) {
  EXPECT_EQ(Choose().model, "a");
  EXPECT_THAT(Choose().reason, HasSubstr("no evaluation of 'blog' suffices, so 'a' until one"));
  EXPECT_EQ(Choose().evidence, std::nullopt);
  catalog_.default_model = "c";
  EXPECT_EQ(Choose().model, "c");
  policy_.otherwise = "d";
  EXPECT_EQ(Choose().model, "d");
  policy_.models = {"b", "gone"};
  policy_.otherwise = "gone";
  EXPECT_EQ(Choose().model, "b");
  policy_.models = {"gone"};
  EXPECT_EQ(Choose().model, "");
  EXPECT_EQ(ChooseByEvidence(catalog_, {.content_type = "x"}, nullptr, "").model, "c");
}

TEST_F(AutoRuleTest, ExploresItsFractionAndAvoidsModelsOverALimit) {
  source_.evidence = {Scored("a", 9, 0.1), Scored("b", 5, 0.1), Scored("c", 5, 0.1)};
  source_.evidence[2].latency_p90 = absl::Seconds(9);
  policy_.limits.max_latency = absl::Seconds(2);
  policy_.explore = 0.2;
  constexpr int kRequests = 5000;
  std::map<std::string, int> explored;
  for (int i = 0; i < kRequests; ++i) {
    const RouteDecision decision = Choose(absl::StrCat("request-", i));
    if (decision.rule != "explore") {
      EXPECT_EQ(decision.model, "a");
      continue;
    }
    ++explored[decision.model];
    if (decision.model != "a") {
      EXPECT_THAT(decision.alternatives, ElementsAre("a"));
    }
  }
  EXPECT_EQ(explored.count("c"), 0U);
  // Each of a, b and d gets a third of 1000 requests; the standard deviation is 26.
  for (const char* id : {"a", "b", "d"}) EXPECT_NEAR(explored[id], kRequests * 0.2 / 3, 80) << id;
  EXPECT_EQ(Choose("request-1").model, Choose("request-1").model);
}

}  // namespace
}  // namespace assay::registry
