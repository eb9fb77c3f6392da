// Reports: what stands in them, whatever goes in.
#include "evaluator/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/report/digest.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "tests/evaluator/report/made_up_study.h"

namespace assay::evaluator {
namespace {

using testing::HasSubstr;
using testing::Not;

bool Has(const std::string& text, const std::string& part) { return absl::StrContains(text, part); }

TEST(ReportTest, HasEveryNumberOfEverySummary) {
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
      expect(Interval(e->ci_low, e->ci_high));
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

TEST(ReportTest, HasEveryPartOfTheAnalysis) {
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

TEST(ReportTest, DecisionsStandBeforeEverythingElse) {
  const Study study = MadeUpStudy({});
  const std::string html = HtmlReport(study.Input());
  EXPECT_LT(html.find("cannot be told apart"), html.find("<table"));
  EXPECT_LT(html.find("cannot be told apart"), html.find("<svg"));
}

TEST(ReportTest, AStrangersTextIsOnlyText) {
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

TEST(ReportTest, NothingIsFetched) {
  const std::string html = HtmlReport(MadeUpStudy({}).Input());
  for (const char* outside :
       {" src=", "url(", "@import", "<link", "http://", "https://", "<base"}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
}

TEST(ReportTest, AnEvaluationOfNothingIsAReportThatSaysSo) {
  const Study empty;
  for (const std::string& report : {HtmlReport(empty.Input()), MarkdownReport(empty.Input())}) {
    EXPECT_THAT(report, HasSubstr("still running"));
    EXPECT_THAT(report, HasSubstr("No decision"));
    EXPECT_THAT(report, Not(HasSubstr("nan")));
  }
}

TEST(ReportTest, NumbersThatAreNotFiniteAreDashes) {
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

TEST(ReportTest, ThirtyThousandSamplesMakeNoLargerReport) {
  const Study large = MadeUpStudy({.candidates = 10, .prompts_per_type = 100, .repeats = 5});
  ASSERT_EQ(large.samples.size(), 30'000);
  const absl::Time start = absl::Now();
  const std::string html = HtmlReport(large.Input());
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  EXPECT_LT(html.size(), size_t{1} << 20);
  EXPECT_LT(MarkdownReport(large.Input()).size(), size_t{1} << 19);
}

TEST(ReportTest, ManyContentTypesAreCutToo) {
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

// 17 of 20: 0.6396 to 0.9476 (reference/evaluation.md, B.2); 0 and all of 90 from R's
// binom::binom.wilson.
TEST(DigestTest, WilsonsInterval) {
  EXPECT_NEAR(ProportionOf(17, 20).low, 0.6396, 1e-4);
  EXPECT_NEAR(ProportionOf(17, 20).high, 0.9476, 1e-4);
  EXPECT_DOUBLE_EQ(ProportionOf(0, 90).low, 0);
  EXPECT_NEAR(ProportionOf(0, 90).high, 0.0409, 1e-4);
  EXPECT_NEAR(ProportionOf(90, 90).low, 0.9591, 1e-4);
  EXPECT_DOUBLE_EQ(ProportionOf(90, 90).high, 1);
  EXPECT_EQ(ProportionOf(0, 0).n, 0);
}

TEST(DigestTest, FailuresAreCountedAndNeverMeasured) {
  const Study study = MadeUpStudy({});
  const Digest digest(study.Input());
  const SampleList& dead = digest.Of(study.plan.models.back().name, "");
  ASSERT_EQ(dead.size(), 90);
  EXPECT_EQ(SuccessOf(dead).hits, 0);
  EXPECT_EQ(TechnicalOf(dead).latency_ms.n, 0);
  EXPECT_TRUE(PartMeans(dead).empty());
  EXPECT_TRUE(digest.Of("nobody", "").empty());
}

// A gate that halves one text of four costs an eighth on average, not a half.
TEST(PartMeansTest, AGateThatDidNotFireIsOne) {
  std::vector<Sample> samples(4);
  for (Sample& sample : samples) {
    sample.scores = {{.scorer = "assay", .version = "3", .overall = 5, .parts = {{"length", 0.5}}}};
  }
  samples[2].scores[0].parts["gate/echo"] = 0.5;
  samples[3].scores.push_back({.scorer = "brand", .version = "1", .error = "INTERNAL: no"});
  std::vector<const Sample*> list;
  for (const Sample& sample : samples) list.push_back(&sample);
  const std::vector<PartMean> means = PartMeans(list);
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[0].name, "gate/echo");
  EXPECT_DOUBLE_EQ(means[0].mean, 3.5 / 4);
  EXPECT_EQ(means[0].n, 4);
  EXPECT_DOUBLE_EQ(means[1].mean, 0.5);
}

TEST(ReportTest, OnePromptHasNoInterval) {
  Study study = SmallestStudy();
  // Two repeats of it are still one.
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

TEST(ReportTest, RanksSayWhatTheyAreCorrectedOver) {
  const std::string markdown = MarkdownReport(MadeUpStudy({}).Input());
  EXPECT_THAT(markdown, testing::HasSubstr("Holm-corrected within a type, not over the types"));
  EXPECT_THAT(markdown, testing::HasSubstr("By character (acc_norm)"));
}

TEST(DigestTest, TasksAreCountedByCandidate) {
  const Study study = MadeUpStudy({});
  const std::vector<TaskResult> tasks = Digest(study.Input()).Tasks();
  ASSERT_EQ(tasks.size(), 12);
  EXPECT_EQ(tasks[0].task, "facts");
  EXPECT_EQ(tasks[0].items, 40);
  EXPECT_DOUBLE_EQ(tasks[0].accuracy_by_length.rate, 1);
  EXPECT_NEAR(tasks[6].perplexity, std::exp(2.5), 1e-12);
}

TEST(PlainTextTest, CleansWhatNoDocumentMayHold) {
  EXPECT_EQ(CleanText("a\r\nb\rc\td"), "a\nb\nc\td");
  EXPECT_EQ(CleanText(std::string_view("\0", 1)), "\xef\xbf\xbd");
  EXPECT_EQ(CleanText("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(CleanText("\xe2\x80\xae"), "\xef\xbf\xbd");
  EXPECT_EQ(CleanText("\xef\xbf\xbe"), "\xef\xbf\xbd");
  EXPECT_EQ(CleanText("Gr\xc3\xb6\xc3\x9f"
                      "e \xf0\x9f\x98\x80"),
            "Gr\xc3\xb6\xc3\x9f"
            "e \xf0\x9f\x98\x80");
  EXPECT_EQ(CleanLine("  a \n\t b "), "a b");
}

TEST(PlainTextTest, ShortensBetweenCharacters) {
  EXPECT_EQ(Shorten("\xc3\xb6\xc3\xb6\xc3\xb6", 3), "\xc3\xb6\xc3\xb6\xc3\xb6");
  EXPECT_EQ(Shorten("\xc3\xb6\xc3\xb6\xc3\xb6", 2), "\xc3\xb6\xe2\x80\xa6");
  EXPECT_EQ(Shorten("", 2), "");
}

TEST(PlainTextTest, MarkdownMeansNothing) {
  EXPECT_EQ(EscapeMarkdown("a|b"), "a\\|b");
  EXPECT_EQ(EscapeMarkdown("# x"), "\\# x");
  EXPECT_EQ(EscapeMarkdown("- x - y"), "\\- x - y");
  EXPECT_EQ(EscapeMarkdown("12. x 3.5"), "12\\. x 3.5");
  EXPECT_EQ(EscapeMarkdown("a_b _c_"), "a_b \\_c\\_");
  EXPECT_EQ(EscapeMarkdown("<b>&"), "&lt;b&gt;&amp;");
  EXPECT_EQ(EscapeMarkdown("[a](b) `c` *d*"), "\\[a\\](b) \\`c\\` \\*d\\*");
}

TEST(NumberTextTest, PrintsWhatIsThere) {
  EXPECT_EQ(Significant(1.7e-6), "1.7e-06");
  EXPECT_EQ(Significant(20310.4), "20310");
  EXPECT_EQ(Significant(-0.3513), "-0.3513");
  EXPECT_EQ(Significant(std::nan("")), "-");
  EXPECT_EQ(Fixed(-0.001, 2), "0.00");
  EXPECT_EQ(PValue(1e-9), "< 0.0001");
  EXPECT_EQ(PValue(0.0432), "0.0432");
  EXPECT_EQ(Bytes(-1536), "-1.50 KiB");
  EXPECT_EQ(Bytes(512), "512 B");
}

}  // namespace
}  // namespace assay::evaluator
