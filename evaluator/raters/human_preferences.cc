// What people prefer of two samples.
#include "evaluator/raters/human_preferences.h"

#include "evaluator/raters/rating_parts.h"

namespace assay::evaluator {

HumanPreferences::HumanPreferences(const std::vector<Rating>& ratings) {
  for (const Rating& rating : ratings) {
    std::string sample = TextOf(rating.sample);
    if (!rating.other.has_value()) {
      auto& [sum, count] = scores_[sample];
      sum += rating.score.value_or(0);
      ++count;
      continue;
    }
    std::string other = TextOf(*rating.other);
    int vote = VoteOf(rating.preference);
    if (sample > other) {
      std::swap(sample, other);
      vote = -vote;
    }
    votes_[{sample, other}] += vote;
  }
}

int HumanPreferences::Of(const SampleId& sample, const SampleId& other) const {
  const std::string a = TextOf(sample);
  const std::string b = TextOf(other);
  const auto votes = votes_.find(a < b ? std::pair(a, b) : std::pair(b, a));
  if (votes != votes_.end()) {
    const int sign = (votes->second > 0) - (votes->second < 0);
    return a < b ? sign : -sign;
  }
  const auto of_a = scores_.find(a);
  const auto of_b = scores_.find(b);
  if (of_a == scores_.end() || of_b == scores_.end()) return 0;
  const double mean_a = of_a->second.first / of_a->second.second;
  const double mean_b = of_b->second.first / of_b->second.second;
  return (mean_a > mean_b) - (mean_a < mean_b);
}

}  // namespace assay::evaluator
