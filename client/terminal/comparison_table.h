// Comparisons, rankings and gates as text.
#ifndef ASSAY_CLIENT_TERMINAL_COMPARISON_TABLE_H_
#define ASSAY_CLIENT_TERMINAL_COMPARISON_TABLE_H_

#include <string>

#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// One row per comparison: the means, the difference with its interval, the adjusted p-value, the
// effect size and the verdict.
std::string ComparisonTable(const google::protobuf::RepeatedPtrField<v1::Comparison>& comparisons);

// The ranking over all content types. Empty if there is none or only one candidate.
// The decision in three lines. Empty if there is none.
std::string AdviceLines(const v1::Advice& advice);
// One row per prompt, at most `limit`, the worst regression first.
std::string PromptTable(const google::protobuf::RepeatedPtrField<v1::PromptDifference>& prompts,
                        int limit);
// Explains kTooFewMark in one line, if `text` contains it. Empty otherwise.
std::string TooFewNote(const std::string& text);
std::string RankingTable(const v1::Analysis& analysis);

// One line per clause, such as "holds   smollm2_135m:quality >= 7.5 (7.8)", then the verdict.
std::string GateLines(const v1::GateResult& result);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_COMPARISON_TABLE_H_
