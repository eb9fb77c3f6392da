// What judges prefer, and how far they can be trusted.
#ifndef ASSAY_EVALUATOR_RATERS_JUDGMENT_SUMMARY_H_
#define ASSAY_EVALUATOR_RATERS_JUDGMENT_SUMMARY_H_

#include <optional>
#include <string>
#include <vector>

#include "evaluator/raters/rating_summary.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/judgment.h"
#include "evaluator/records/rating.h"

namespace assay::evaluator {

// The name of the majority of all judges.
inline constexpr char kJury[] = "jury";

// The preferences of one judge, or of the jury, between two candidates.
struct PairPreference {
  std::string judge;
  std::string first;
  std::string second;
  // Pairs of texts of which the first candidate's is preferred in both orders, the second
  // candidate's is, and all others.
  int wins = 0;
  int losses = 0;
  int ties = 0;
  // The independent units: clusters of prompts, or prompts.
  int prompts = 0;
  // The share of preferences for the first candidate: a tie counts half, and every prompt weighs
  // the same. The interval is Wilson's over the prompts.
  double share = 0;
  double low = 0;
  double high = 1;
  // The exact two-sided sign test over the prompts that are not tied, and the same with Holm's
  // correction over the pairs of the judge.
  double p_value = 1;
  double p_adjusted = 1;
};

// How far one judge, or the jury, can be trusted.
struct JudgeRecord {
  std::string judge;
  // Empty for the jury.
  std::string version;
  // Decided pairs of texts, and those on which the judge failed.
  int judgments = 0;
  int failures = 0;
  // The error of the last failure.
  std::string error;
  // Pairs on which the judge chose the text that was shown first, or second, in both orders.
  int follows_first = 0;
  int follows_second = 0;
  // (follows_first + follows_second) / judgments, with Wilson's interval. Absent for the jury.
  std::optional<RatedStatistic> position_bias;
  double cost_usd = 0;
  // False if the cost is a lower bound.
  bool cost_complete = true;
  // Pairs of texts of which people prefer one, and the fraction that the judge decides as people
  // do, with a bootstrap interval over prompts. A tie of the judge counts half.
  int people_pairs = 0;
  std::optional<RatedStatistic> people_agreement;
};

struct JudgmentSummary {
  // By judge, the jury last.
  std::vector<PairPreference> pairs;
  // The jury last, if there are several judges.
  std::vector<JudgeRecord> judges;
  // Krippendorff's alpha (nominal) of the judges' decisions, with a bootstrap interval over pairs
  // of texts.
  std::optional<RatedStatistic> agreement;
  int agreement_units = 0;
  // Reasons not to trust a figure, in plain words.
  std::vector<std::string> warnings;
  double cost_usd = 0;
};

// Summarizes the judgments of an evaluation. The jury decides as more than half of the judges that
// decided the pair, otherwise it is a tie. People prefer the sample that most of their preferences
// name; where a pair has none, the one with the higher mean score. Judgments with an error count as
// failures only. Of each judge, only the judgments of its newest version count. Takes milliseconds
// per thousand judgments, and seconds with as many ratings.
JudgmentSummary SummarizeJudgments(const EvaluationPlan& plan,
                                   const std::vector<Judgment>& judgments,
                                   const std::vector<Rating>& ratings);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RATERS_JUDGMENT_SUMMARY_H_
