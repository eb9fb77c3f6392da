// The sections on the decision and on the plan.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/analysis/advice.h"
#include "evaluator/analysis/early_stop.h"
#include "evaluator/plan/plan.h"
#include "evaluator/records/too_few.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

constexpr size_t kSystemCharacters = 200;
constexpr size_t kErrorCharacters = 2000;
constexpr size_t kHypothesisCharacters = 4000;
constexpr size_t kTypesCharacters = 1000;

std::string SamplingText(const Sampling& s) {
  if (s.temperature == 0) return absl::StrCat("greedy, seed ", s.seed);
  return absl::StrCat("temperature ", s.temperature, ", top_p ", s.top_p, ", top_k ", s.top_k,
                      ", seed ", s.seed);
}

std::string CorrectionText(Correction correction) {
  switch (correction) {
    case Correction::kHolm:
      return "closed procedure, Holm's over pairs";
    case Correction::kBenjaminiHochberg:
      return "Benjamini-Hochberg";
    case Correction::kNone:
      return "none";
  }
  return "unknown";
}

void AddRanking(const Ranking& ranking, Table* table) {
  for (const RankedCandidate& c : ranking.candidates) {
    const auto same = std::count_if(ranking.candidates.begin(), ranking.candidates.end(),
                                    [&c](const RankedCandidate& o) { return o.rank == c.rank; });
    const bool measured = c.n > 0;
    const std::string few = TooFewPrompts(c);
    const std::string rank = absl::StrCat(c.rank, same > 1 ? " (shared)" : "");
    const std::string interval = few.empty() ? Interval(c.ci_low, c.ci_high, 2) : kTooFewMark;
    table->rows.push_back({{c.name},
                           {TypeName(ranking.content_type)},
                           {few.empty() ? rank : "-"},
                           {few.empty() && !c.letters.empty() ? c.letters : "-"},
                           {measured ? Fixed(c.mean, 2) : "-"},
                           {measured ? interval : "-"},
                           {absl::StrCat(c.n)}});
  }
}

// Returns the table over all content types, open, and the one by content type, collapsed.
std::vector<Table> RankingTables(const std::vector<Ranking>& rankings) {
  const std::vector<Column> columns = {{"Candidate"},    {"Content type"}, {"Rank", true},
                                       {"Letters"},      {"Mean", true},   {"95 % interval", true},
                                       {"Prompts", true}};
  Table whole{.caption =
                  "Ranking by quality score; candidates that share a letter are not shown to "
                  "differ",
              .columns = columns};
  Table by_type{
      .caption =
          "Ranking within each content type; candidates that share a letter are not shown "
          "to differ",
      .columns = columns,
      .collapsed = true};
  for (const Ranking& ranking : rankings) {
    AddRanking(ranking, ranking.content_type.empty() ? &whole : &by_type);
  }
  std::vector<Table> tables;
  for (Table* table : {&whole, &by_type}) {
    if (table->rows.empty()) continue;
    LimitRows(table);
    tables.push_back(std::move(*table));
  }
  return tables;
}

// Returns the advice as three lines. Empty without one.
std::vector<std::string> AdviceLines(const Analysis& analysis) {
  const Advice advice = Advise(analysis);
  if (advice.action.empty()) return {};
  return {absl::StrCat("What to do: ", advice.action, "."),
          absl::StrCat("How sure: ", advice.certainty, "."),
          absl::StrCat("What would make it surer: ", advice.next, ".")};
}

// The share of acceptable texts below which a candidate is not recommended without a warning.
constexpr double kFewAcceptable = 0.1;

struct AcceptableTexts {
  int acceptable = 0;
  int scored = 0;
};

AcceptableTexts CountAcceptable(const ReportInput& input, const std::string& candidate) {
  AcceptableTexts count;
  for (const Sample& sample : input.samples) {
    if (sample.model != candidate || !sample.quality_score) continue;
    ++count.scored;
    if (*sample.quality_score >= input.acceptable_score) ++count.acceptable;
  }
  return count;
}

// Returns how many texts the score counts as good enough. A ranking alone does not say if even the
// best candidate can be used. Empty without scores.
std::string UsabilityLine(const ReportInput& input) {
  std::vector<std::string> counts;
  bool any_usable = false;
  for (const Candidate& candidate : input.plan.models) {
    const AcceptableTexts count = CountAcceptable(input, candidate.name);
    if (count.scored == 0) continue;
    counts.push_back(
        absl::StrCat(count.acceptable, " of ", count.scored, " texts of ", candidate.name));
    any_usable = any_usable || count.acceptable > kFewAcceptable * count.scored;
  }
  if (counts.empty()) return "";
  return absl::StrCat(
      "Good enough: ", any_usable ? "" : "by the score, no candidate is: ",
      absl::StrJoin(counts, ", "), " reach ", input.acceptable_score,
      " of 10 points, which counts as acceptable (economics.acceptance_threshold). All scores have "
      "the scale of 0 to 10.");
}

bool HasTooFew(const Evaluation& evaluation) {
  const auto few_pairs = [](const Comparison& c) { return c.verdict == Verdict::kTooFewPairs; };
  const auto few_prompts = [](const Summary& s) { return !TooFewPrompts(s.quality_score).empty(); };
  return std::any_of(evaluation.analysis.comparisons.begin(), evaluation.analysis.comparisons.end(),
                     few_pairs) ||
         std::any_of(evaluation.summaries.begin(), evaluation.summaries.end(), few_prompts);
}

std::string RevisionOf(const std::string& candidate, const ReportInput& input) {
  for (const Summary& summary : input.evaluation.summaries) {
    if (summary.model == candidate && !summary.revision.empty()) return summary.revision;
  }
  for (const Sample& sample : input.samples) {
    if (sample.model == candidate && !sample.revision.empty()) return sample.revision;
  }
  return "-";
}

Table CandidateTable(const ReportInput& input) {
  Table table{
      .caption = "Candidates",
      .columns = {{"Candidate"}, {"Model"}, {"Revision"}, {"Sampling"}, {"System message"}}};
  const std::string& baseline = input.evaluation.analysis.baseline;
  for (const Candidate& candidate : input.plan.models) {
    table.rows.push_back(
        {{candidate.name + (candidate.name == baseline ? " (baseline)" : "")},
         {candidate.model},
         {RevisionOf(candidate.name, input)},
         {SamplingText(candidate.sampling.value_or(input.plan.sampling))},
         {candidate.system.empty() ? "-"
                                   : Shorten(CleanLine(candidate.system), kSystemCharacters)}});
  }
  return table;
}

}  // namespace

std::string EarlyStopParagraph(const EarlyStop& stop) {
  const std::string text =
      absl::StrCat("Early stopping: ", EarlyStopText(stop),
                   ". P-values and intervals of differences allow for the looks.");
  if (stop.reason.empty()) return text;
  return absl::StrCat(text,
                      " Differences at an early stop are overstated on average, because the "
                      "evaluation ends when they are large.");
}

Section DecisionSection(const ReportInput& input, const Digest& /*digest*/) {
  const Evaluation& evaluation = input.evaluation;
  Section section{.title = "Decision"};
  if (!evaluation.error.empty()) {
    section.blocks.emplace_back(
        Paragraph{absl::StrCat("Error: ", Shorten(CleanLine(evaluation.error), kErrorCharacters)),
                  Tone::kBad});
  }
  if (evaluation.state != EvaluationState::kSucceeded) {
    section.blocks.emplace_back(
        Paragraph{absl::StrCat("This evaluation ", StateText(evaluation.state),
                               ". The results below cover only the samples measured so far."),
                  Tone::kBad});
  }
  if (std::vector<std::string> advice = AdviceLines(evaluation.analysis); !advice.empty()) {
    if (std::string usability = UsabilityLine(input); !usability.empty()) {
      advice.push_back(std::move(usability));
    }
    section.blocks.emplace_back(List{std::move(advice)});
  }
  if (const std::optional<EarlyStop>& stop = evaluation.analysis.early_stop) {
    section.blocks.emplace_back(Paragraph{EarlyStopParagraph(*stop)});
  }
  if (HasTooFew(evaluation)) {
    section.blocks.emplace_back(
        Paragraph{absl::StrCat(kTooFewMark,
                               " marks figures over too few prompts. Such a mean describes its "
                               "prompts only; an interval, a rank or a test needs at least ",
                               MinPairs(evaluation.analysis.alpha), " prompts."),
                  Tone::kFaint});
  }
  if (evaluation.analysis.decisions.empty()) {
    section.blocks.emplace_back(
        Paragraph{"No decision: nothing was compared. A comparison needs two candidates and "
                  "prompts that both of them answered."});
  } else {
    section.blocks.emplace_back(List{evaluation.analysis.decisions});
  }
  if (!input.plan.hypothesis.empty()) {
    section.blocks.emplace_back(
        Quote{"Hypothesis, as written before the run",
              Shorten(CleanText(input.plan.hypothesis), kHypothesisCharacters)});
  }
  for (Table& table : RankingTables(evaluation.analysis.rankings)) {
    section.blocks.emplace_back(std::move(table));
  }
  return section;
}

Section PlanSection(const ReportInput& input, const Digest& digest) {
  const EvaluationPlan& plan = input.plan;
  Table table{.caption = "Plan", .columns = {{"Setting"}, {"Value"}}};
  const auto add = [&table](const std::string& setting, const std::string& value) {
    table.rows.push_back({{setting}, {value.empty() ? "-" : value}});
  };
  add("SHA-256 of the plan", input.evaluation.plan_sha256);
  add("Prompts", absl::StrCat(plan.prompts.size(), " in ", digest.content_types().size(),
                              " content types (set ", PromptSetVersion(plan), ", SHA-256 ",
                              PromptSetFingerprint(plan), "), ", plan.repeats, " repeats"));
  add("Content types",
      Shorten(CleanLine(absl::StrJoin(digest.content_types(), ", ")), kTypesCharacters));
  add("Sampling", absl::StrCat(SamplingText(plan.sampling), ", at most ", plan.max_new_tokens,
                               " new tokens, timeout ", absl::FormatDuration(plan.timeout)));
  add("Order seed", absl::StrCat(input.evaluation.order_seed));
  add("Scorers", absl::StrCat(absl::StrJoin(digest.ScorersWithVersions(), ", "),
                              "; the plan's first scorer gives the quality score"));
  add("Tests", absl::StrCat("alpha ", plan.alpha, ", two-sided, correction: ",
                            CorrectionText(plan.correction), ", baseline: ",
                            input.evaluation.analysis.baseline.empty()
                                ? "none"
                                : input.evaluation.analysis.baseline));
  if (plan.stop_early) {
    add("Early stopping", absl::StrCat(plan.stop_early->looks, " looks",
                                       plan.stop_early->futility ? ", also for futility" : ""));
  }
  add("Failed generations",
      plan.failures == FailurePolicy::kZero ? "score 0" : "are left out of the quality scores");
  if (!plan.tasks.empty()) add("Known-answer tasks", absl::StrCat(plan.tasks.size()));
  Section section{.title = "Plan"};
  section.blocks.emplace_back(std::move(table));
  if (!plan.models.empty()) section.blocks.emplace_back(CandidateTable(input));
  return section;
}

}  // namespace assay::evaluator
