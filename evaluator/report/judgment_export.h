// Judgments of judges in exports.
#ifndef ASSAY_EVALUATOR_REPORT_JUDGMENT_EXPORT_H_
#define ASSAY_EVALUATOR_REPORT_JUDGMENT_EXPORT_H_

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "evaluator/records/evaluation.h"
#include "evaluator/records/judgment.h"
#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// Returns what the judges prefer and how far each can be trusted: SummarizeJudgments() as an
// object, or null if there are no judgments. Statistics are objects with "value", "ci_low" and
// "ci_high", or null.
nlohmann::json JudgmentsJson(const ReportInput& input);

// Finds the judgments that involve a sample. The judgments must outlive this object. Construction
// takes O(n log n), a lookup O(log n).
class SampleJudgments {
 public:
  explicit SampleJudgments(const std::vector<Judgment>& judgments);

  // The names of the judges.
  const std::set<std::string>& judges() const { return judges_; }
  // Returns one object per judge and other sample, in the order of the judgments. "decision" is
  // "win", "loss" or "tie" of this sample, or null if the judge failed.
  nlohmann::json ToJson(const Sample& sample) const;
  // Returns the share of the pairs decided by the judge that the sample wins; a tie counts half.
  // nullopt: there are no such pairs.
  std::optional<double> WinShare(const Sample& sample, const std::string& judge) const;

 private:
  // The candidate, prompt and repeat.
  using Key = std::tuple<std::string, std::string, int>;
  const std::vector<const Judgment*>& Of(const Sample& sample) const;

  std::set<std::string> judges_;
  std::map<Key, std::vector<const Judgment*>> by_sample_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_JUDGMENT_EXPORT_H_
