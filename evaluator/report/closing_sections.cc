// Examples, every estimate, how to run it again, and the method.
#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxExampleTypes = 12;
constexpr size_t kTextCharacters = 1500;
constexpr size_t kPromptCharacters = 200;

constexpr absl::string_view kOrder =
    "Order: for each prompt the candidates run side by side in a shuffled order, so that "
    "a machine that grows warm or busy disturbs all alike. Warm-up is not measured, and a measured "
    "prompt is read whole: nothing of it comes from the cache of earlier ones.";
constexpr absl::string_view kScoring =
    "Scores: a scorer sees the text and what was asked for, never which candidate wrote "
    "it. They are rules, not readers; nothing here was checked against people.";
constexpr absl::string_view kFailures =
    "A failed generation is counted and never scored; means are over what succeeded, n "
    "says over how many.";
constexpr absl::string_view kComparing =
    "Comparisons pair by prompt, the mean of a prompt's repeats as one value and prompts "
    "of one cluster as one unit: Wilcoxon's signed-rank test, McNemar's for right and "
    "wrong; intervals of the difference by the BCa bootstrap; d_z is the mean difference "
    "over its standard deviation.";
constexpr absl::string_view kRanking =
    "Candidates share a rank where they cannot be told apart from the best of their "
    "group: every two are tested, Holm-corrected within one ranking. Over the rankings of several "
    "content types nothing is corrected: of many such rankings one may be wrong by chance. \"No "
    "difference shown\" is not \"equal\": \"detectable\" is the smallest difference that this many "
    "pairs find with a power of 0.8, \"pairs needed\" what the observed one would take.";
constexpr absl::string_view kMeans =
    "Intervals of means are Student's with errors clustered over prompts (and clusters of them): "
    "repeats of a prompt are no prompts of their own, and one prompt has no interval. In the "
    "quality chart and the ranking a mean is over the prompts' means, elsewhere over samples, as "
    "deviations and quantiles are. Proportions: Wilson. Quantiles: linear interpolation.";
constexpr absl::string_view kSeeds =
    "Seeds: each sample's is derived from its candidate's seed, the prompt and the repeat, so that "
    "candidates with one seed draw alike and repeats draw anew. Greedy texts repeat themselves.";
constexpr absl::string_view kBetweenTokens =
    "Between tokens: medians over the samples of each sample's own quantile, samples of "
    "two tokens and more.";
constexpr absl::string_view kMemory =
    "Memory is the server's whole process. The leak test asks whether growth a sample is "
    "surely above what the allocator's noise makes.";

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
                 Table* table) {
  const bool any = e.n > 0;
  table->rows.push_back({{summary.model},
                         {TypeName(summary.content_type)},
                         {metric},
                         {absl::StrCat(e.n)},
                         {absl::StrCat(e.samples)},
                         {any ? Significant(e.mean) : "-"},
                         {e.samples > 1 ? Significant(e.standard_deviation) : "-"},
                         {Interval(e.ci_low, e.ci_high)},
                         {any ? Significant(e.p50) : "-"},
                         {any ? Significant(e.p90) : "-"}});
}

}  // namespace

Section ExampleSection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Examples"};
  size_t types = 0;
  for (const std::string& type : digest.content_types()) {
    if (types++ == kMaxExampleTypes) break;
    AddExamples(input, type, &section);
  }
  if (section.blocks.empty()) return section;
  section.blocks.emplace(
      section.blocks.begin(),
      Paragraph{
          absl::StrCat("The text of the highest and of the lowest quality score of each content "
                       "type (of at most ",
                       kMaxExampleTypes, "), cut after ", kTextCharacters,
                       " characters. Extremes, not typical."),
          Tone::kFaint});
  return section;
}

Section EstimateSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "Every estimate"};
  if (input.evaluation.summaries.empty()) return section;
  Table counts{.caption = "Samples by candidate and content type",
               .columns = {{"Candidate"},
                           {"Content type"},
                           {"Samples", true},
                           {"Failed", true},
                           {"Success rate", true},
                           {"Return a piece", true},
                           {"Memory before", true},
                           {"after", true},
                           {"peak", true},
                           {"Scorer"}},
               .folded = true};
  Table table{.caption = "Means, deviations, intervals and quantiles",
              .columns = {{"Candidate"},
                          {"Content type"},
                          {"Metric"},
                          {"Prompts", true},
                          {"Samples", true},
                          {"Mean", true},
                          {"Deviation", true},
                          {"95 % interval", true},
                          {"p50", true},
                          {"p90", true}},
              .folded = true};
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
    AddEstimate(s, "quality score", s.quality_score, &table);
    AddEstimate(s, "latency, ms", s.latency_ms, &table);
    AddEstimate(s, "first token, ms", s.first_token_ms, &table);
    AddEstimate(s, "tokens a second", s.tokens_per_second, &table);
    AddEstimate(s, "queue, ms", s.queue_ms, &table);
    AddEstimate(s, "prefill, ms", s.prefill_ms, &table);
    AddEstimate(s, "between tokens p50, ms", s.inter_token_p50_ms, &table);
    AddEstimate(s, "between tokens p90, ms", s.inter_token_p90_ms, &table);
    AddEstimate(s, "between tokens p99, ms", s.inter_token_p99_ms, &table);
    AddEstimate(s, "energy, J", s.energy_joules, &table);
    AddEstimate(s, "cost, USD", s.cost_usd, &table);
  }
  LimitRows(&counts);
  LimitRows(&table);
  section.blocks.emplace_back(std::move(counts));
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section ReproductionSection(const ReportInput& input, const Digest& /*digest*/) {
  // Ids are the server's, but a report may be made from anything.
  const std::string id = CleanLine(input.evaluation.id);
  Section section{.title = "Run it again"};
  section.blocks.emplace_back(Paragraph{
      "The same plan in the same order, and every sample of this evaluation. Texts repeat where "
      "models, revisions and seeds are the same; timings and costs vary."});
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
