// Conversion of records to and from JSON, for the columns of the run store.
#ifndef ASSAY_EVALUATOR_RECORDS_RECORDS_JSON_H_
#define ASSAY_EVALUATOR_RECORDS_RECORDS_JSON_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// These functions write records as JSON. Invalid UTF-8 becomes U+FFFD. Numbers must be finite,
// because JSON has no others.
std::string SummariesToJson(const std::vector<Summary>& summaries);
std::string AnalysisToJson(const Analysis& analysis);
std::string ScalingToJson(const std::vector<ScalingPoint>& points);
// Writes the fields without a column of their own in the samples table: scores, energy, quantiles
// of the time between tokens, seed and others.
std::string SampleDetailToJson(const Sample& sample);
std::string TaskAnswerToJson(const TaskAnswer& answer);
std::string NamesToJson(const std::map<std::string, std::string>& names);

// These functions read what the functions above write, and what older versions wrote. They return
// DATA_LOSS with the offending field and its problem.
absl::StatusOr<std::vector<Summary>> SummariesFromJson(std::string_view text);
absl::StatusOr<Analysis> AnalysisFromJson(std::string_view text);
absl::StatusOr<std::vector<ScalingPoint>> ScalingFromJson(std::string_view text);
// Sets the fields that SampleDetailToJson() writes, and no others.
absl::Status ReadSampleDetail(std::string_view text, Sample* sample);
absl::StatusOr<TaskAnswer> TaskAnswerFromJson(std::string_view text);
absl::StatusOr<std::map<std::string, std::string>> NamesFromJson(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_RECORDS_JSON_H_
