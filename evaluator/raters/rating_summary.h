// How far raters agree with each other, and the automatic score with them.
#ifndef ASSAY_EVALUATOR_RATERS_RATING_SUMMARY_H_
#define ASSAY_EVALUATOR_RATERS_RATING_SUMMARY_H_

#include <optional>
#include <string>
#include <vector>

#include "evaluator/records/evaluation.h"
#include "evaluator/records/rating.h"
#include "evaluator/stats/isotonic.h"

namespace assay::evaluator {

// A statistic with its 95 % bootstrap interval, which is absent if it cannot be computed.
struct RatedStatistic {
  double value = 0;
  std::optional<double> low;
  std::optional<double> high;
};

// The agreement of raters on one kind of rating.
struct RaterAgreement {
  // Empty: all content types.
  std::string content_type;
  // True for preferences, false for scores.
  bool pairwise = false;
  int raters = 0;
  // Samples or pairs that at least two raters have rated.
  int units = 0;
  // Krippendorff's alpha: interval for scores, nominal for preferences. Intervals are over units.
  std::optional<RatedStatistic> alpha;
  // Cohen's kappa of the two raters with the most common units: quadratic weights for scores.
  std::optional<RatedStatistic> kappa;
  int kappa_units = 0;
  // Why a statistic is absent.
  std::string note;
};

// The automatic score (Sample::quality_score) against people, on one content type.
struct ScoreCalibration {
  // Empty: all content types.
  std::string content_type;
  // The scorer and its version, as in "assay 2".
  std::string scorer;
  // Samples with a score and score ratings, and the prompts of all samples that count.
  int samples = 0;
  int prompts = 0;
  // The rank correlation of the score with the mean rating of a sample.
  std::optional<RatedStatistic> spearman;
  // Pairs of samples of one prompt of which people prefer one, and the fraction that the score
  // orders as they do; an equal score counts half.
  int pairs = 0;
  std::optional<RatedStatistic> pair_agreement;
  // The mean absolute error of the calibrated score on prompts left out of the calibration, and of
  // the score as it is.
  std::optional<RatedStatistic> absolute_error;
  double raw_absolute_error = 0;
  // The isotonic regression of mean ratings on scores, over all samples.
  std::vector<IsotonicBlock> steps;
  // The result in plain words.
  std::string sentence;
};

struct RatingSummary {
  std::vector<RaterAgreement> agreements;
  std::vector<ScoreCalibration> calibrations;
};

// Below these numbers a statement would be chance: the sentence then says "too few ratings".
inline constexpr int kMinRatedPairs = 20;
inline constexpr int kMinRatedSamples = 20;
inline constexpr int kMinRatedPrompts = 6;

// Summarizes the ratings per content type and for all types together. Ratings of unknown samples
// are ignored. People prefer the sample that most of their preferences name; where a pair has none,
// the one with the higher mean rating. Intervals resample prompts, because texts for one prompt are
// judged against each other. The calibration of a prompt is fitted on all others (leave one prompt
// out; ten folds above kMaxFolds prompts). Takes about a second per thousand rated samples.
RatingSummary SummarizeRatings(const std::vector<Sample>& samples,
                               const std::vector<Rating>& ratings);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RATERS_RATING_SUMMARY_H_
