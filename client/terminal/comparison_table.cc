// Formats comparisons, rankings and gates.
#include "client/terminal/comparison_table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumberOfComparison = 3;
constexpr int kFirstNumberOfRanking = 3;
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
      // Servers older than the field do not send the number that is needed.
      return c.min_pairs() == 0
                 ? "too few pairs"
                 : absl::StrCat("too few pairs (", c.n_paired(), " of ", c.min_pairs(), ")");
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
                            absl::StrFormat("%.2f", c.mean()),
                            enough ? interval : OneLine(c.too_few())});
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
