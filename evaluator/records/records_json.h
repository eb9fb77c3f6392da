// Records as JSON, for the run store's columns.
#ifndef ASSAY_EVALUATOR_RECORDS_RECORDS_JSON_H_
#define ASSAY_EVALUATOR_RECORDS_RECORDS_JSON_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Invalid UTF-8 becomes U+FFFD. Values that are not finite must not come in: JSON has none.
std::string SummariesToJson(const std::vector<Summary>& summaries);
std::string AnalysisToJson(const Analysis& analysis);
std::string ScalingToJson(const std::vector<ScalingPoint>& points);
// What the samples table has no column for: scores, energy, quantiles between tokens, seed, ...
std::string SampleDetailToJson(const Sample& sample);
std::string TaskAnswerToJson(const TaskAnswer& answer);
std::string NamesToJson(const std::map<std::string, std::string>& names);

// DATA_LOSS names the field and what is wrong with it.
absl::StatusOr<std::vector<Summary>> SummariesFromJson(std::string_view text);
absl::StatusOr<Analysis> AnalysisFromJson(std::string_view text);
absl::StatusOr<std::vector<ScalingPoint>> ScalingFromJson(std::string_view text);
absl::Status ReadSampleDetail(std::string_view text, Sample* sample);
absl::StatusOr<TaskAnswer> TaskAnswerFromJson(std::string_view text);
absl::StatusOr<std::map<std::string, std::string>> NamesFromJson(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_RECORDS_JSON_H_
