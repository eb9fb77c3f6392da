// Formats comparisons, rankings and gates.
#include "client/terminal/comparison_table.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/evaluation_table.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumberOfComparison = 3;
constexpr int kFirstNumberOfRanking = 3;
constexpr int kFirstNumberOfPrompt = 2;
constexpr double kMinShownP = 0.0001;
constexpr double kPercent = 100;

std::string P(double value) {
  return value < kMinShownP ? "<0.0001" : absl::StrFormat("%.4f", value);
}

std::string VerdictWord(const v1::Comparison& c) {
  switch (c.verdict()) {
    case v1::VERDICT_BETTER:
      return "better";
    case v1::VERDICT_WORSE:
      return "worse";
    case v1::VERDICT_NO_DIFFERENCE_SHOWN:
      return "no difference shown";
    default:
      return kTooFewMark;
  }
}

std::string ClauseWord(const v1::GateClause& clause) {
  if (clause.outcome() == v1::GATE_OUTCOME_UNDECIDED) return "UNDECIDED ";
  return clause.holds() ? "holds   " : "FAILS   ";
}

}  // namespace

std::string ComparisonTable(const google::protobuf::RepeatedPtrField<v1::Comparison>& comparisons) {
  Table table{.header = {"METRIC", "CONTENT TYPE", "CANDIDATE", "PAIRS", "BASELINE MEAN", "MEAN",
                         "DIFFERENCE", "95% CI", "P ADJUSTED", "EFFECT", "VERDICT"},
              .first_right = kFirstNumberOfComparison};
  for (const v1::Comparison& c : comparisons) {
    const bool tested = !c.method().empty();
    table.rows.push_back({OneLine(c.metric()),
                          c.content_type().empty() ? "all" : OneLine(c.content_type()),
                          OneLine(c.candidate()), absl::StrCat(c.n_paired()),
                          tested ? absl::StrFormat("%.4g", c.baseline_mean()) : "-",
                          tested ? absl::StrFormat("%.4g", c.candidate_mean()) : "-",
                          tested ? absl::StrFormat("%+.4g", c.diff()) : "-",
                          tested ? absl::StrFormat("%.4g..%.4g", c.ci_low(), c.ci_high()) : "-",
                          tested ? P(c.p_adjusted()) : "-",
                          tested ? absl::StrFormat("%.2f", c.effect_size()) : "-", VerdictWord(c)});
  }
  return FormatTable(table);
}

std::string AdviceLines(const v1::Advice& advice) {
  if (advice.action().empty()) return "";
  return absl::StrCat("What to do: ", OneLine(advice.action()),
                      ".\nHow sure: ", OneLine(advice.certainty()),
                      ".\nWhat would make it surer: ", OneLine(advice.next()), ".\n");
}

std::string PromptTable(const google::protobuf::RepeatedPtrField<v1::PromptDifference>& prompts,
                        int limit) {
  Table table{
      .header = {"PROMPT", "CONTENT TYPE", "BASELINE SCORE", "CANDIDATE SCORE", "DIFFERENCE"},
      .first_right = kFirstNumberOfPrompt};
  for (const v1::PromptDifference& row : prompts) {
    if (static_cast<int>(table.rows.size()) == limit) break;
    table.rows.push_back({OneLine(row.prompt_id()), OneLine(row.content_type()),
                          absl::StrFormat("%.2f", row.baseline_score()),
                          absl::StrFormat("%.2f", row.candidate_score()),
                          absl::StrFormat("%+.2f", row.difference())});
  }
  const int hidden = prompts.size() - static_cast<int>(table.rows.size());
  return absl::StrCat(
      FormatTable(table),
      hidden > 0 ? absl::StrCat("... and ", hidden, " more; --json has all\n") : "");
}

std::string TooFewNote(const std::string& text) {
  if (!absl::StrContains(text, kTooFewMark)) return "";
  return absl::StrCat(kTooFewMark,
                      " too few prompts for evidence: there is no interval, rank or test\n");
}

std::string RankingTable(const v1::Analysis& analysis) {
  for (const v1::Ranking& ranking : analysis.rankings()) {
    if (!ranking.content_type().empty() || ranking.candidates_size() < 2) continue;
    Table table{.header = {"RANK", "LETTERS", "MODEL", "N", "QUALITY", "95% CI"},
                .first_right = kFirstNumberOfRanking};
    for (const v1::RankedCandidate& c : ranking.candidates()) {
      const bool enough = c.too_few().empty();
      const std::string interval = c.has_ci_low() && c.has_ci_high()
                                       ? absl::StrFormat("%.2f..%.2f", c.ci_low(), c.ci_high())
                                       : "-";
      table.rows.push_back({enough ? absl::StrCat(c.rank()) : "-",
                            enough && !c.letters().empty() ? OneLine(c.letters()) : "-",
                            OneLine(c.name()), absl::StrCat(c.n()),
                            absl::StrFormat("%.2f", c.mean()), enough ? interval : kTooFewMark});
    }
    return FormatTable(table);
  }
  return "";
}

std::string GateLines(const v1::GateResult& result) {
  std::string lines;
  for (const v1::GateClause& clause : result.clauses()) {
    const bool undecided = clause.outcome() == v1::GATE_OUTCOME_UNDECIDED;
    absl::StrAppend(&lines, ClauseWord(clause), OneLine(clause.text()), " (",
                    clause.has_value() ? absl::StrFormat("%.4g", clause.value())
                    : undecided        ? "too few prompts for a test"
                                       : "not measured");
    if (clause.has_limit_low() && clause.has_limit_high()) {
      absl::StrAppendFormat(&lines, ", confidence limits %.4g and %.4g", clause.limit_low(),
                            clause.limit_high());
    }
    absl::StrAppend(&lines, ")\n");
  }
  if (!result.reason().empty()) absl::StrAppend(&lines, "FAILS   ", OneLine(result.reason()), "\n");
  if (result.attempt() > 0) {
    absl::StrAppendFormat(&lines,
                          "attempt %d at this gate; each attempt gives a wrong pass with a "
                          "probability of up to %.3g %%\n",
                          result.attempt(), kPercent * result.wrong_pass());
  }
  const bool undecided = result.outcome() == v1::GATE_OUTCOME_UNDECIDED;
  absl::StrAppend(&lines, "gate: ",
                  result.passed() ? "passed\n"
                  : undecided     ? "UNDECIDED\n"
                                  : "FAILED\n");
  return lines;
}

}  // namespace assay::client
