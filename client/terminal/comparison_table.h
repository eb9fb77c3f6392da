// What statistics say, as text.
#ifndef ASSAY_CLIENT_TERMINAL_COMPARISON_TABLE_H_
#define ASSAY_CLIENT_TERMINAL_COMPARISON_TABLE_H_

#include <string>

#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// A row a comparison: means, difference with its interval, adjusted p-value, effect, verdict.
std::string ComparisonTable(const google::protobuf::RepeatedPtrField<v1::Comparison>& comparisons);

// The ranking over all content types; empty where there is none or only one candidate.
std::string RankingTable(const v1::Analysis& analysis);

// "holds  smollm2_135m:quality >= 7.5 (7.8)", one a clause, then the verdict.
std::string GateLines(const v1::GateResult& result);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_COMPARISON_TABLE_H_
