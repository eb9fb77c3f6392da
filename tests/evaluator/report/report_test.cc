// Tests of the content of reports for normal, hostile and large input.
#include "evaluator/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/records/too_few.h"
#include "evaluator/report/exports.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "tests/evaluator/records/records.h"
#include "tests/evaluator/report/made_up_study.h"
#include "tests/patience.h"

namespace assay::evaluator {
namespace {

using testing::HasSubstr;
using testing::Not;

bool Has(const std::string& text, const std::string& part) { return absl::StrContains(text, part); }

TEST(ReportTest, ContainsEveryNumberOfEverySummary) {
  const Study study = MadeUpStudy({});
  const std::string html = HtmlReport(study.Input());
  const std::string markdown = MarkdownReport(study.Input());
  int numbers = 0;
  const auto expect = [&](const std::string& text) {
    ++numbers;
    EXPECT_TRUE(Has(html, text)) << text;
    EXPECT_TRUE(Has(markdown, text)) << text;
  };
  ASSERT_EQ(study.evaluation.summaries.size(), 6 * 7);
  for (const Summary& s : study.evaluation.summaries) {
    for (const Estimate* e :
         {&s.queue_ms, &s.prefill_ms, &s.inter_token_p50_ms, &s.inter_token_p90_ms,
          &s.inter_token_p99_ms, &s.energy_joules, &s.quality_score, &s.latency_ms,
          &s.first_token_ms, &s.tokens_per_second, &s.cost_usd}) {
      if (e->n == 0) continue;
      expect(Significant(e->mean));
      expect(Significant(e->standard_deviation));
      const bool marked = e == &s.quality_score && !TooFewPrompts(*e).empty();
      const std::string few = marked ? "*" : "";
      expect(few.empty() ? Interval(e->ci_low, e->ci_high) : few);
      expect(Significant(e->p50));
      expect(Significant(e->p90));
    }
    expect(Percent(s.success_rate));
    expect(Bytes(static_cast<double>(s.memory.after_bytes)));
    expect(Bytes(static_cast<double>(s.memory.peak_bytes)));
    expect(Significant(s.roi_per_piece));
  }
  for (const ScalingPoint& p : study.evaluation.scaling) {
    expect(Significant(p.tokens_per_second));
    expect(Significant(p.latency_p90_ms));
  }
  EXPECT_GT(numbers, 1900);
}

TEST(ReportTest, ContainsEveryPartOfTheAnalysis) {
  const Study study = MadeUpStudy({});
  for (const std::string& report : {HtmlReport(study.Input()), MarkdownReport(study.Input())}) {
    const std::string plain =
        absl::StrReplaceAll(report, {{"<wbr>", ""}, {"\\*", "*"}, {"&lt;", "<"}});
    for (const std::string& decision : study.evaluation.analysis.decisions) {
      EXPECT_THAT(plain, HasSubstr(decision));
    }
    for (const Comparison& c : study.evaluation.analysis.comparisons) {
      if (c.result.status == PairedStatus::kInsufficientPairs) continue;
      EXPECT_THAT(plain, HasSubstr(Interval(c.result.ci_low, c.result.ci_high)));
    }
    EXPECT_THAT(plain, HasSubstr("1 (shared)"));
    EXPECT_THAT(plain, HasSubstr("no difference shown"));
    EXPECT_THAT(plain, HasSubstr("fail"));
    EXPECT_THAT(plain, HasSubstr("models/random_b.gguf: no such file"));
    EXPECT_THAT(plain, HasSubstr("power_watts / 1000 * busy_hours * electricity_usd_per_kwh"));
    EXPECT_THAT(plain, HasSubstr("electricity_usd_per_kwh = 0.15"));
    EXPECT_THAT(plain, HasSubstr("watts as stated"));
    EXPECT_THAT(plain, HasSubstr("never: nothing is saved"));
    EXPECT_THAT(plain, HasSubstr("4-bit weights cost no quality"));
    EXPECT_THAT(plain, HasSubstr("18000000000000000001"));
    EXPECT_THAT(plain, HasSubstr("assay 2, classic 1"));
    EXPECT_THAT(plain, HasSubstr("--replay ev-20261123-045500-1a2b3c"));
  }
}

TEST(ReportTest, DecisionsComeFirst) {
  const Study study = MadeUpStudy({});
  const std::string html = HtmlReport(study.Input());
  EXPECT_LT(html.find("cannot be distinguished from"), html.find("<table"));
  EXPECT_LT(html.find("cannot be distinguished from"), html.find("<svg"));
}

// A ranking alone does not say if even the best candidate can be used.
TEST(ReportTest, TheDecisionSaysHowManyTextsAreGoodEnough) {
  const Study study = MadeUpStudy({});
  ReportInput input = study.Input();
  input.acceptable_score = 11;
  const std::string none = MarkdownReport(input);
  EXPECT_LT(none.find("by the score, no candidate is: 0 of"), none.find("## Quality"));
  input.acceptable_score = 0;
  EXPECT_THAT(MarkdownReport(input), Not(HasSubstr("no candidate is")));
}

TEST(ReportTest, CandidatesAreQuotedOnATypicalPrompt) {
  const std::vector<Sample> samples = {
      {.model = "a", .content_type = "blog", .prompt_id = "low", .quality_score = 1},
      {.model = "b", .content_type = "blog", .prompt_id = "low", .quality_score = 1},
      {.model = "a", .content_type = "blog", .prompt_id = "middle", .quality_score = 4},
      {.model = "b", .content_type = "blog", .prompt_id = "middle", .quality_score = 6},
      {.model = "a", .content_type = "blog", .prompt_id = "high", .quality_score = 9},
      {.model = "b", .content_type = "blog", .prompt_id = "high", .quality_score = 9},
      // Only one candidate answered it.
      {.model = "a", .content_type = "blog", .prompt_id = "alone", .quality_score = 5}};
  EvaluationPlan plan;
  plan.models = Candidates({"a", "b"});
  const Evaluation evaluation;
  const std::vector<TaskAnswer> answers;
  const std::string markdown = MarkdownReport({evaluation, plan, samples, answers});
  EXPECT_THAT(markdown, HasSubstr("typical: 4.00, a, prompt middle"));
  EXPECT_THAT(markdown, HasSubstr("typical: 6.00, b, prompt middle"));
}

TEST(ReportTest, EscapesUntrustedText) {
  const Study study = HostileStudy();
  const std::string html = HtmlReport(study.Input());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<!-- ")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, HasSubstr("&amp;lt;"));
  const std::string markdown = MarkdownReport(study.Input());
  for (const std::string& report : {html, markdown}) {
    EXPECT_EQ(report.find('\0'), std::string::npos);
    EXPECT_EQ(report.find('\x1b'), std::string::npos);
    EXPECT_EQ(report.find('\r'), std::string::npos);
    EXPECT_EQ(report, CleanText(report));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(ReportTest, LoadsNoExternalResources) {
  const std::string html = HtmlReport(MadeUpStudy({}).Input());
  for (const char* outside :
       {" src=", "url(", "@import", "<link", "http://", "https://", "<base"}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
}

TEST(ReportTest, AnEmptyEvaluationGivesAReport) {
  const Study empty;
  for (const std::string& report : {HtmlReport(empty.Input()), MarkdownReport(empty.Input())}) {
    EXPECT_THAT(report, HasSubstr("still running"));
    EXPECT_THAT(report, HasSubstr("No decision"));
    EXPECT_THAT(report, Not(HasSubstr("nan")));
  }
}

TEST(ReportTest, NumbersThatAreNotFiniteBecomeDashes) {
  Study study = MadeUpStudy({.candidates = 2, .last_fails = false});
  const double nan = std::nan("");
  for (Sample& s : study.samples) {
    s.quality_score = nan;
    s.generation.total_ms = HUGE_VAL;
    s.cost_usd = -HUGE_VAL;
    s.energy.joules = nan;
    for (SampleScore& score : s.scores) score.parts["structure"] = nan;
  }
  for (Summary& s : study.evaluation.summaries) {
    s.quality_score = {5, 5, nan, nan, nan, nan, nan, nan};
    s.cost_usd = {5, 5, HUGE_VAL, nan, -HUGE_VAL, nan, nan, nan};
    s.roi_per_piece = nan;
    s.success_rate = nan;
  }
  for (Comparison& c : study.evaluation.analysis.comparisons) {
    c.result.diff = c.result.ci_low = c.p_adjusted = c.result.effect_size = nan;
  }
  for (Ranking& r : study.evaluation.analysis.rankings) {
    for (RankedCandidate& c : r.candidates) c.ci_low = c.mean = nan;
  }
  for (MemoryTrend& m : study.evaluation.analysis.memory) m.slope = m.ci_high = HUGE_VAL;
  for (ReportFigure& f : study.economics) f.figure.value = nan;
  for (const std::string& report : {HtmlReport(study.Input()), MarkdownReport(study.Input())}) {
    for (const char* word : {">nan", " nan", "\"nan", ">inf", " inf ", "\"inf", "-inf", ",nan"}) {
      EXPECT_THAT(report, Not(HasSubstr(word)));
    }
  }
}

TEST(ReportTest, TheSizeIsBoundedForManySamples) {
  const Study large = MadeUpStudy({.candidates = 10, .prompts_per_type = 100, .repeats = 5});
  ASSERT_EQ(large.samples.size(), 30'000);
  const absl::Time start = absl::Now();
  const std::string html = HtmlReport(large.Input());
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(2)));
  EXPECT_LT(html.size(), size_t{1} << 20);
  EXPECT_LT(MarkdownReport(large.Input()).size(), size_t{1} << 19);
}

TEST(ReportTest, TheSizeIsBoundedForManyContentTypes) {
  Study study = MadeUpStudy({.candidates = 2, .prompts_per_type = 1, .repeats = 1});
  const Summary one = study.evaluation.summaries.front();
  study.evaluation.summaries.clear();
  for (int i = 0; i < 5000; ++i) {
    study.plan.prompts.push_back({.id = absl::StrCat(i), .content_type = absl::StrCat("t", i)});
    study.evaluation.summaries.push_back(one);
    study.evaluation.summaries.back().content_type = absl::StrCat("t", i);
  }
  EXPECT_LT(HtmlReport(study.Input()).size(), size_t{1} << 20);
}

TEST(ReportTest, ASinglePromptHasNoInterval) {
  Study study = SmallestStudy();
  // Two repeats are still a single prompt.
  study.samples.push_back(study.samples.front());
  study.samples.back().repeat = 1;
  study.evaluation.summaries = SummarizeAll(
      study.plan, {{.name = study.plan.models[0].name, .load = LoadReport{}}}, study.samples, {});
  const std::string markdown = MarkdownReport(study.Input());
  const size_t row = markdown.find("| quality score |");
  ASSERT_NE(row, std::string::npos);
  const std::string cells = markdown.substr(row, markdown.find('\n', row) - row);
  EXPECT_THAT(cells, testing::HasSubstr("| quality score | 1 | 2 |"));
  EXPECT_THAT(cells, testing::Not(testing::HasSubstr(" to ")));
}

TEST(ReportTest, StatesTheScopeOfTheCorrection) {
  const std::string markdown = MarkdownReport(MadeUpStudy({}).Input());
  EXPECT_THAT(markdown,
              testing::HasSubstr("candidates that share a letter are not shown to differ"));
  EXPECT_THAT(markdown, testing::HasSubstr("Normalized by length (acc_norm)"));
}

TEST(ReportTest, RatingsHaveASectionThatBeginsWithAPlainSentence) {
  const Study study = MadeUpStudy({.candidates = 2, .prompts_per_type = 8, .repeats = 1});
  ReportInput input = study.Input();
  const std::string title = "How far the score can stand in for people";
  EXPECT_EQ(MarkdownReport(input).find(title), std::string::npos);
  for (const Sample& sample : study.samples) {
    if (!sample.quality_score.has_value()) continue;
    for (const char* rater : {"ann", "bob"}) {
      input.ratings.push_back(
          {.rater = rater, .sample = IdOf(sample), .score = *sample.quality_score});
    }
  }
  const std::string markdown = MarkdownReport(input);
  EXPECT_NE(markdown.find(title), std::string::npos);
  EXPECT_NE(markdown.find("there are too few ratings to say how the score orders pairs"),
            std::string::npos);
  EXPECT_NE(HtmlReport(input).find(title), std::string::npos);
}

TEST(ReportTest, JudgmentsHaveASectionWithItsWarnings) {
  const Study study = MadeUpStudy({.candidates = 2, .prompts_per_type = 8, .repeats = 1});
  ReportInput input = study.Input();
  const std::string title = "What the judges prefer";
  EXPECT_EQ(MarkdownReport(input).find(title), std::string::npos);
  const std::string& first = study.plan.models[0].name;
  const std::string& second = study.plan.models[1].name;
  for (const EvaluationPrompt& prompt : study.plan.prompts) {
    input.judgments.push_back({.judge = "gpt",
                               .version = "endpoint/https://x/v1/m",
                               .sample = {.model = first, .prompt_id = prompt.id},
                               .other = {.model = second, .prompt_id = prompt.id},
                               .forward = Preference::kSample,
                               .backward = Preference::kSample,
                               .warning = "judge gpt is the model that wrote the texts",
                               .cost_usd = 0.5});
  }
  const std::string markdown = MarkdownReport(input);
  EXPECT_THAT(markdown, testing::HasSubstr(title));
  EXPECT_THAT(markdown, testing::HasSubstr("prefers " + first));
  EXPECT_THAT(markdown, testing::HasSubstr("Warning: judge gpt is the model that wrote"));
  EXPECT_NE(HtmlReport(input).find(title), std::string::npos);
}

TEST(ReportTest, ExportsHaveTheJudgmentsOfSamplesAndOfJudges) {
  const Study study = MadeUpStudy({.candidates = 2, .prompts_per_type = 8, .repeats = 1});
  ReportInput input = study.Input();
  EXPECT_TRUE(nlohmann::json::parse(ResultsJson(input)).at("judgments").is_null());
  EXPECT_THAT(SamplesCsv(input), testing::Not(testing::HasSubstr("judge/")));
  const std::string& first = study.plan.models[0].name;
  const std::string& second = study.plan.models[1].name;
  const std::string& lost = study.plan.prompts[0].id;
  const std::string& failed = study.plan.prompts[1].id;
  const std::string& tied = study.plan.prompts[2].id;
  for (const std::string& prompt : {lost, failed, tied}) {
    const Preference backward = prompt == tied ? Preference::kSample : Preference::kOther;
    input.judgments.push_back({.judge = "jürgen",
                               .version = "local/m@1",
                               .sample = {.model = first, .prompt_id = prompt},
                               .other = {.model = second, .prompt_id = prompt},
                               .forward = Preference::kOther,
                               .backward = backward,
                               .error = prompt == failed ? "UNAVAILABLE: down" : "",
                               .cost_usd = 0.25});
  }
  const nlohmann::json json = nlohmann::json::parse(ResultsJson(input)).at("judgments");
  EXPECT_EQ(nlohmann::json::parse(JudgmentsExport(input)), json);
  const nlohmann::json& pair = json.at("pairs").at(0);
  EXPECT_EQ(pair.at("judge"), "jürgen");
  EXPECT_EQ(pair.at("first"), first);
  EXPECT_EQ(pair.at("wins"), 0);
  EXPECT_EQ(pair.at("losses"), 1);
  EXPECT_EQ(pair.at("ties"), 1);
  EXPECT_DOUBLE_EQ(pair.at("share").at("value"), 0.25);
  const nlohmann::json& judge = json.at("judges").at(0);
  EXPECT_EQ(judge.at("version"), "local/m@1");
  EXPECT_EQ(judge.at("failures"), 1);
  EXPECT_DOUBLE_EQ(judge.at("position_bias").at("value"), 0.5);
  EXPECT_TRUE(judge.at("people_agreement").is_null());
  EXPECT_DOUBLE_EQ(json.at("cost_usd"), 0.75);

  int found = 0;
  for (const absl::string_view line :
       absl::StrSplit(SamplesJsonl(input), '\n', absl::SkipEmpty())) {
    const nlohmann::json sample = nlohmann::json::parse(line);
    const nlohmann::json& judgments = sample.at("judgments");
    if (sample.at("prompt_id") != lost) continue;
    ++found;
    ASSERT_EQ(judgments.size(), 1U);
    EXPECT_EQ(judgments[0].at("decision"), sample.at("model") == first ? "loss" : "win");
    EXPECT_EQ(judgments[0].at("other"), sample.at("model") == first ? second : first);
  }
  EXPECT_EQ(found, 2);
  EXPECT_THAT(SamplesCsv(input), testing::HasSubstr(",judge/jürgen,text\r\n"));
}

}  // namespace
}  // namespace assay::evaluator
