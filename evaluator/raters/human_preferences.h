// What people prefer of two samples. Private to this folder.
#ifndef ASSAY_EVALUATOR_RATERS_HUMAN_PREFERENCES_H_
#define ASSAY_EVALUATOR_RATERS_HUMAN_PREFERENCES_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/records/rating.h"

namespace assay::evaluator {

// Looks up the preference of people for a pair of samples. A lookup takes time in proportion to the
// logarithm of the number of ratings.
class HumanPreferences {
 public:
  explicit HumanPreferences(const std::vector<Rating>& ratings);

  // Returns 1 if people prefer `sample`, -1 if they prefer `other`, and 0 if they prefer neither or
  // have not rated both. The majority of preferences decides; without preferences, the higher mean
  // score.
  int Of(const SampleId& sample, const SampleId& other) const;

 private:
  // The sum of the votes (1 or -1) for the first sample of each pair.
  std::map<std::pair<std::string, std::string>, int> votes_;
  // The sum and the number of the scores of each sample.
  std::map<std::string, std::pair<double, int>> scores_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RATERS_HUMAN_PREFERENCES_H_
