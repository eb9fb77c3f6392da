// The decision of an analysis in three lines.
#include "evaluator/analysis/advice.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "evaluator/records/too_few.h"

namespace assay::evaluator {
namespace {

constexpr double kMinShownP = 0.0001;
constexpr double kPercent = 100;

constexpr char kOwnJudgment[] =
    "blind ratings by people (`assay rate`), which show whether the score orders texts as you "
    "would";

const Ranking* MainRanking(const Analysis& analysis) {
  const auto whole =
      std::find_if(analysis.rankings.begin(), analysis.rankings.end(),
                   [](const Ranking& ranking) { return ranking.content_type.empty(); });
  if (whole != analysis.rankings.end()) return &*whole;
  return analysis.rankings.empty() ? nullptr : &analysis.rankings.front();
}

const Comparison* Find(const Analysis& analysis, const Ranking& ranking, std::string_view metric,
                       const std::string& candidate) {
  const auto found = std::find_if(
      analysis.comparisons.begin(), analysis.comparisons.end(), [&](const Comparison& c) {
        return c.metric == metric && c.content_type == ranking.content_type &&
               c.candidate == candidate;
      });
  return found == analysis.comparisons.end() ? nullptr : &*found;
}

std::string PromptsText(int count) {
  return absl::StrCat(count, count == 1 ? " prompt" : " prompts");
}

std::string PValueText(double value) {
  return value < kMinShownP ? "p < 0.0001" : absl::StrFormat("p = %.2g", value);
}

// Returns "0.80 points (95 % interval 0.30 to 1.30, adjusted p = 0.004, 40 prompts)".
std::string DifferenceText(const Comparison& c, const Analysis& analysis) {
  return absl::StrFormat("%+.2f points (%.4g %% interval %.2f to %.2f, %s%s, %s)", c.result.diff,
                         kPercent * (1 - analysis.alpha), c.result.ci_low, c.result.ci_high,
                         analysis.correction == "none" ? "" : "adjusted ", PValueText(c.p_adjusted),
                         PromptsText(c.result.n_paired));
}

// The other candidates by their relation to the first one.
struct Relations {
  std::vector<std::string> tied;
  std::vector<std::string> lower;
  std::vector<std::string> untested;
};

Relations RelationsOf(const Ranking& ranking, int min_pairs) {
  Relations relations;
  for (size_t i = 1; i < ranking.candidates.size(); ++i) {
    const RankedCandidate& candidate = ranking.candidates[i];
    (candidate.lower_than_first        ? relations.lower
     : candidate.n_common >= min_pairs ? relations.tied
                                       : relations.untested)
        .push_back(candidate.name);
  }
  return relations;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Returns the clause that the chosen candidate fails more often than the baseline.
std::string FailureWarning(const Analysis& analysis, const Ranking& ranking,
                           const std::string& chosen) {
  const Comparison* success = Find(analysis, ranking, "success_rate", chosen);
  if (success == nullptr || success->verdict != Verdict::kWorse) return "";
  return absl::StrCat(", but consider that it fails more often than ", success->baseline);
}

Advice AdviseOne(const RankedCandidate& only) {
  const std::string few = TooFewPrompts(only);
  Advice advice{.action = absl::StrCat("there is nothing to choose: ", only.name,
                                       " is the only candidate with scores")};
  if (!few.empty() || !only.ci_low || !only.ci_high) {
    advice.certainty =
        absl::StrFormat("its score of %.2f describes %s only", only.mean,
                        only.n == 1 ? "this prompt" : "these " + PromptsText(only.n));
    advice.next = absl::StrCat("a second candidate, and at least ", kMinPairs, " prompts");
    return advice;
  }
  advice.certainty = absl::StrFormat("its score is %.2f (95 %% interval %.2f to %.2f, %s)",
                                     only.mean, *only.ci_low, *only.ci_high, PromptsText(only.n));
  advice.next = "a second candidate to compare it with";
  return advice;
}

Advice AdviseWinner(const Analysis& analysis, const Ranking& ranking, const Relations& relations) {
  const RankedCandidate& best = ranking.candidates.front();
  const bool is_baseline = best.name == analysis.baseline;
  Advice advice{.action = absl::StrCat(
                    is_baseline ? "keep " : "use ", best.name, is_baseline ? " (the baseline)" : "",
                    ": it scores higher than ", absl::StrJoin(relations.lower, ", "),
                    FailureWarning(analysis, ranking, best.name))};
  const Comparison* quality =
      Find(analysis, ranking, "quality_score", is_baseline ? relations.lower.front() : best.name);
  const bool tested = quality != nullptr && quality->verdict != Verdict::kTooFewPairs;
  const bool thin = tested && quality->result.status == PairedStatus::kFewPairs;
  advice.certainty =
      !tested ? absl::StrFormat("the tests show it at the level %.2g", analysis.alpha)
              : absl::StrCat(quality->candidate, " against ", quality->baseline, ": ",
                             DifferenceText(*quality, analysis),
                             thin ? "; the evidence is thin because there are few prompts" : "");
  advice.next = thin ? "more prompts" : kOwnJudgment;
  if (!relations.untested.empty()) {
    advice.next =
        absl::StrCat("more prompts in common with ", absl::StrJoin(relations.untested, ", "),
                     ", which could not be tested");
  }
  return advice;
}

// Returns the comparison that the tie is about: that of the best candidate or, if the best one is
// the baseline, of the next one.
const Comparison* TiedComparison(const Analysis& analysis, const Ranking& ranking,
                                 const Relations& relations) {
  const std::string& best = ranking.candidates.front().name;
  return Find(analysis, ranking, "quality_score",
              best == analysis.baseline ? relations.tied.front() : best);
}

Advice AdviseTie(const Analysis& analysis, const Ranking& ranking, const Relations& relations) {
  const RankedCandidate& best = ranking.candidates.front();
  std::vector<std::string> equals = {best.name};
  equals.insert(equals.end(), relations.tied.begin(), relations.tied.end());
  Advice advice;
  const bool keeps = Contains(equals, analysis.baseline);
  advice.action = keeps ? absl::StrCat("keep ", analysis.baseline,
                                       " (the baseline): no candidate is shown to score higher")
                        : absl::StrCat("use any of ", absl::StrJoin(equals, ", "),
                                       ": they are not shown to differ, so cost and speed decide");
  const Comparison* quality = TiedComparison(analysis, ranking, relations);
  if (quality == nullptr || quality->verdict != Verdict::kNoDifferenceShown) {
    advice.certainty = "not sure: no difference is shown between " + absl::StrJoin(equals, ", ");
    advice.next = "more prompts";
    return advice;
  }
  advice.certainty =
      absl::StrCat("not sure: ", quality->candidate, " against ", quality->baseline, " is ",
                   DifferenceText(*quality, analysis), ", so they may also differ");
  advice.next = quality->pairs_needed > quality->result.n_paired
                    ? absl::StrCat("about ", quality->pairs_needed,
                                   " prompts, if the true difference is as large as this one "
                                   "(t-test, power 0.8)")
                    : std::string(kOwnJudgment);
  return advice;
}

}  // namespace

Advice Advise(const Analysis& analysis) {
  const Ranking* ranking = MainRanking(analysis);
  if (ranking == nullptr || ranking->candidates.empty()) return {};
  if (ranking->candidates.size() == 1) return AdviseOne(ranking->candidates.front());
  const int min_pairs = MinPairs(analysis.alpha);
  const Relations relations = RelationsOf(*ranking, min_pairs);
  if (!relations.tied.empty()) return AdviseTie(analysis, *ranking, relations);
  if (!relations.lower.empty()) return AdviseWinner(analysis, *ranking, relations);
  int common = 0;
  for (const RankedCandidate& c : ranking->candidates) common = std::max(common, c.n_common);
  return {.action = "do not decide yet: nothing could be tested",
          .certainty =
              absl::StrCat("the candidates share ", PromptsText(common), "; a test at ",
                           absl::StrFormat("%.2g", analysis.alpha), " needs at least ", min_pairs),
          .next = absl::StrCat("at least ", min_pairs,
                               " prompts; `assay evaluate --dry-run` shows what a number of "
                               "prompts can detect")};
}

}  // namespace assay::evaluator
