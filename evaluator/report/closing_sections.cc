// The last sections of a report: examples, all estimates, reproduction and method.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/records/too_few.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxExampleTypes = 12;
constexpr size_t kMaxTypicalTexts = 4;
constexpr size_t kTextCharacters = 1500;
constexpr size_t kPromptCharacters = 200;

constexpr absl::string_view kOrder =
    "Order: for each prompt the candidates run in turn, in shuffled order, so that a "
    "machine that becomes warm or busy affects all candidates equally. Warm-up requests are not "
    "measured. Measured prompts are prefilled completely, without hits in the prefix cache.";
constexpr absl::string_view kScoring =
    "Scores: a scorer sees the text and its task, never which candidate wrote the text. Scorers "
    "apply rules; they were not validated against human ratings.";
constexpr absl::string_view kFailures =
    "Failures: a failed generation scores 0, unless the plan leaves failed generations out of the "
    "scores; the plan's settings say which. A text that its scorer failed to score is left out. "
    "Everything else is over successful samples. The rates of success are compared as a metric of "
    "their own.";
constexpr absl::string_view kComparing =
    "Comparisons are paired by prompt: the mean of a prompt's repeats is one value, every prompt "
    "weighs the same, and the prompts of one cluster are one unit of the test. The test is that of "
    "the mean difference by flipping signs, together with a t-test that is corrected for skewness; "
    "for correct and wrong answers it is McNemar's exact test. The interval of a difference "
    "consists of the differences that the test does not reject, so that it never contradicts the "
    "p-value before the correction. d_z is the mean of the differences divided by their standard "
    "deviation.";
constexpr absl::string_view kRanking =
    "Ranking: every two candidates are tested, corrected over all candidates and content types by "
    "one closed procedure: first over all content types, then within each, so that the probability "
    "of any false claim is at most alpha. "
    "Ranks, letters, verdicts and decisions come from these tests. Candidates that share a letter "
    "are not shown to differ, and neither are those that share a rank. "
    "\"No difference shown\" does not mean \"equal\": \"detectable\" is the smallest difference "
    "that this many pairs detect with a power of 0.8, and \"pairs needed\" is the number of pairs "
    "that detect the observed difference.";
constexpr absl::string_view kMeans =
    "Intervals of means are Student-t intervals with errors clustered over prompts (or clusters of "
    "prompts): repeats of a prompt do not count as separate prompts, and a single prompt has no "
    "interval. Errors and degrees of freedom hold for clusters of unequal sizes (CR2, "
    "Satterthwaite). Those of the quality score are logit-t intervals, which stay within 0 and 10; "
    "with fewer than 6 prompts they are not shown, because so few prompts are no evidence. Every "
    "mean is that of the prompts' means; standard deviations and quantiles are "
    "those of the samples. Proportions have Wilson "
    "intervals; that of the success rate counts prompts, not their repeats. Quantiles are linearly "
    "interpolated.";
constexpr absl::string_view kSeeds =
    "Seeds: each sample's seed is derived from its candidate's seed, the prompt and the repeat. "
    "Candidates with the same seed therefore use the same random numbers, and repeats use "
    "different ones. Greedy repeats give the same text.";
constexpr absl::string_view kBetweenTokens =
    "Between tokens: medians over the samples of each sample's own quantile, for samples of at "
    "least two tokens.";
constexpr absl::string_view kMemory =
    "Memory: figures are for the whole server process. The leak test checks whether the growth per "
    "sample is significantly above allocator noise.";

std::string PromptText(const EvaluationPlan& plan, const std::string& id) {
  const auto found = std::find_if(plan.prompts.begin(), plan.prompts.end(),
                                  [&id](const EvaluationPrompt& p) { return p.id == id; });
  return found == plan.prompts.end() ? "" : Shorten(CleanLine(found->prompt), kPromptCharacters);
}

struct ScoredSample {
  const Sample* sample = nullptr;
  double score = 0;
};

Quote ExampleOf(const ReportInput& input, const ScoredSample& example, absl::string_view which) {
  const Sample& sample = *example.sample;
  return {.title = absl::StrCat(sample.content_type, ", ", which, ": ", Fixed(example.score, 2),
                                ", ", sample.model, ", prompt ", sample.prompt_id, ": ",
                                PromptText(input.plan, sample.prompt_id)),
          .text = Shorten(CleanText(sample.generation.text), kTextCharacters)};
}

// Returns the prompt whose mean score is the median of those that the most samples answered.
std::string TypicalPrompt(const ReportInput& input, const std::string& type) {
  std::map<std::string, std::pair<double, int>> sums;
  for (const Sample& sample : input.samples) {
    if (sample.content_type != type || !sample.error.empty() || !sample.quality_score) continue;
    auto& [sum, count] = sums[sample.prompt_id];
    sum += *sample.quality_score;
    ++count;
  }
  int most = 0;
  for (const auto& [prompt, sum] : sums) most = std::max(most, sum.second);
  std::vector<std::pair<double, std::string>> means;
  for (const auto& [prompt, sum] : sums) {
    if (sum.second == most) means.emplace_back(sum.first / sum.second, prompt);
  }
  if (means.empty()) return "";
  std::sort(means.begin(), means.end());
  return means[(means.size() - 1) / 2].second;
}

// Adds what each candidate wrote for one prompt, so that they can be compared.
void AddTypical(const ReportInput& input, const std::string& type, Section* section) {
  const std::string prompt = TypicalPrompt(input, type);
  size_t shown = 0;
  for (const Candidate& candidate : input.plan.models) {
    const auto found =
        std::find_if(input.samples.begin(), input.samples.end(), [&](const Sample& sample) {
          return sample.content_type == type && sample.prompt_id == prompt &&
                 sample.model == candidate.name && sample.error.empty() && sample.quality_score;
        });
    if (found == input.samples.end()) continue;
    if (shown++ == kMaxTypicalTexts) break;
    section->blocks.emplace_back(ExampleOf(input, {&*found, *found->quality_score}, "typical"));
  }
}

void AddExamples(const ReportInput& input, const std::string& type, Section* section) {
  ScoredSample best;
  ScoredSample worst;
  for (const Sample& sample : input.samples) {
    if (sample.content_type != type || !sample.error.empty()) continue;
    const double score = sample.quality_score.value_or(std::numeric_limits<double>::quiet_NaN());
    if (!std::isfinite(score)) continue;
    if (best.sample == nullptr || score > best.score) best = {&sample, score};
    if (worst.sample == nullptr || score < worst.score) worst = {&sample, score};
  }
  if (best.sample == nullptr) return;
  section->blocks.emplace_back(ExampleOf(input, best, "best"));
  if (worst.sample != best.sample) {
    section->blocks.emplace_back(ExampleOf(input, worst, "worst"));
  }
}

void AddEstimate(const Summary& summary, const std::string& metric, const Estimate& e,
                 const std::string& too_few, Table* table) {
  const bool any = e.n > 0;
  table->rows.push_back({{summary.model},
                         {TypeName(summary.content_type)},
                         {metric},
                         {absl::StrCat(e.n)},
                         {absl::StrCat(e.samples)},
                         {any ? Significant(e.mean) : "-"},
                         {e.samples > 1 ? Significant(e.standard_deviation) : "-"},
                         {too_few.empty() ? Interval(e.ci_low, e.ci_high) : kTooFewMark},
                         {any ? Significant(e.p50) : "-"},
                         {any ? Significant(e.p90) : "-"}});
}

}  // namespace

Section ExampleSection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Examples"};
  size_t types = 0;
  for (const std::string& type : digest.content_types()) {
    if (types++ == kMaxExampleTypes) break;
    if (input.plan.models.size() > 1) AddTypical(input, type, &section);
    AddExamples(input, type, &section);
  }
  if (section.blocks.empty()) return section;
  section.blocks.emplace(
      section.blocks.begin(),
      Paragraph{
          absl::StrCat("Of each content type (at most ", kMaxExampleTypes,
                       " types): what the candidates (at most ", kMaxTypicalTexts,
                       ") wrote for the same prompt of medium difficulty (\"typical\"), and the "
                       "texts with the highest and the lowest quality score, which are extremes. "
                       "The report cuts texts after ",
                       kTextCharacters,
                       " characters; a text that ends earlier in the middle of a "
                       "sentence reached the plan's limit of new tokens."),
          Tone::kFaint});
  return section;
}

Section EstimateSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "All estimates"};
  if (input.evaluation.summaries.empty()) return section;
  Table counts{.caption = "Samples by candidate and content type",
               .columns = {{"Candidate"},
                           {"Content type"},
                           {"Samples", true},
                           {"Failed", true},
                           {"Success rate", true},
                           {"ROI per piece", true},
                           {"Memory before", true},
                           {"Memory after", true},
                           {"Memory peak", true},
                           {"Scorer"}},
               .collapsed = true};
  Table table{.caption = "Means, standard deviations, intervals and quantiles",
              .columns = {{"Candidate"},
                          {"Content type"},
                          {"Metric"},
                          {"Prompts", true},
                          {"Samples", true},
                          {"Mean", true},
                          {"Standard deviation", true},
                          {"95 % interval", true},
                          {"p50", true},
                          {"p90", true}},
              .collapsed = true};
  for (const Summary& s : input.evaluation.summaries) {
    counts.rows.push_back({{s.model},
                           {TypeName(s.content_type)},
                           {absl::StrCat(s.samples)},
                           {absl::StrCat(s.failures)},
                           {Percent(s.success_rate)},
                           {Significant(s.roi_per_piece)},
                           {Bytes(static_cast<double>(s.memory.before_bytes))},
                           {Bytes(static_cast<double>(s.memory.after_bytes))},
                           {Bytes(static_cast<double>(s.memory.peak_bytes))},
                           {absl::StrCat(s.scorer, " ", s.scorer_version)}});
    AddEstimate(s, "quality score", s.quality_score, TooFewPrompts(s.quality_score), &table);
    AddEstimate(s, "latency, ms", s.latency_ms, "", &table);
    AddEstimate(s, "first token, ms", s.first_token_ms, "", &table);
    AddEstimate(s, "tokens/s", s.tokens_per_second, "", &table);
    AddEstimate(s, "queue, ms", s.queue_ms, "", &table);
    AddEstimate(s, "prefill, ms", s.prefill_ms, "", &table);
    AddEstimate(s, "between tokens p50, ms", s.inter_token_p50_ms, "", &table);
    AddEstimate(s, "between tokens p90, ms", s.inter_token_p90_ms, "", &table);
    AddEstimate(s, "between tokens p99, ms", s.inter_token_p99_ms, "", &table);
    AddEstimate(s, "energy, J", s.energy_joules, "", &table);
    AddEstimate(s, "cost, USD", s.cost_usd, "", &table);
  }
  LimitRows(&counts);
  LimitRows(&table);
  section.blocks.emplace_back(std::move(counts));
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section ReproductionSection(const ReportInput& input, const Digest& /*digest*/) {
  // The server makes the ids, but the input of a report may come from elsewhere.
  const std::string id = CleanLine(input.evaluation.id);
  Section section{.title = "Reproduction"};
  section.blocks.emplace_back(Paragraph{
      "The first command runs the same plan in the same order; the second writes every sample of "
      "this evaluation. Texts are the same if models, revisions and seeds are; timings and costs "
      "vary."});
  section.blocks.emplace_back(Code{
      absl::StrCat("assay evaluate --replay ", id, " --order-seed ", input.evaluation.order_seed,
                   "\nassay evaluations report ", id, " --format jsonl --output samples.jsonl\n")});
  return section;
}

Section MethodSection(const ReportInput& /*input*/, const Digest& /*digest*/) {
  Section section{.title = "Method"};
  List list;
  for (const absl::string_view note : {kOrder, kSeeds, kScoring, kFailures, kComparing, kRanking,
                                       kMeans, kBetweenTokens, kMemory}) {
    list.items.emplace_back(note);
  }
  section.blocks.emplace_back(std::move(list));
  return section;
}

}  // namespace assay::evaluator
