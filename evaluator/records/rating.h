// People's ratings of evaluation samples.
#ifndef ASSAY_EVALUATOR_RECORDS_RATING_H_
#define ASSAY_EVALUATOR_RECORDS_RATING_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// The better one of two samples. The values are stored.
enum class Preference { kSample = 1, kOther = 2, kTie = 3 };

// Returns the preference if the samples change places.
constexpr Preference Swapped(Preference preference) {
  switch (preference) {
    case Preference::kSample:
      return Preference::kOther;
    case Preference::kOther:
      return Preference::kSample;
    case Preference::kTie:
      break;
  }
  return Preference::kTie;
}

// Returns 1 for kSample, -1 for kOther, and 0 for a tie or none.
constexpr int VoteOf(std::optional<Preference> preference) {
  if (preference == Preference::kSample) return 1;
  return preference == Preference::kOther ? -1 : 0;
}

// Identifies a sample within its evaluation.
struct SampleId {
  // The name of the candidate.
  std::string model;
  std::string prompt_id;
  int repeat = 0;

  bool operator==(const SampleId&) const = default;
};

// One rating by one person: a score of `sample`, or a preference between `sample` and `other`.
struct Rating {
  std::string rater;
  SampleId sample;
  // Absent for a score. Otherwise a sample of the same prompt.
  std::optional<SampleId> other;
  // From 0 to 10. Set if `other` is absent.
  std::optional<double> score;
  // Set if `other` is set.
  std::optional<Preference> preference;
  absl::Time rated_at;
};

// The numbers of ratings that AddRatings() changed or not.
struct RatingCounts {
  int added = 0;
  int replaced = 0;
  int unchanged = 0;
};

// Returns the key of a sample for raters: 16 hexadecimal digits from a SHA-256 of the evaluation's
// id and the sample's. It does not show the model, and its order is random.
std::string SampleKey(std::string_view evaluation_id, const SampleId& sample);

inline SampleId IdOf(const Sample& sample) {
  return {.model = sample.model, .prompt_id = sample.prompt_id, .repeat = sample.repeat};
}

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_RATING_H_
