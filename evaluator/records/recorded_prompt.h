// The prompt of a real request.
#ifndef ASSAY_EVALUATOR_RECORDS_RECORDED_PROMPT_H_
#define ASSAY_EVALUATOR_RECORDS_RECORDED_PROMPT_H_

#include <string>

#include "absl/time/time.h"

namespace assay::evaluator {

// The prompt of a request that was answered.
struct RecordedPrompt {
  std::string request_id;
  // Empty: the request had none.
  std::string content_type;
  std::string model;
  // The rule of the route.
  std::string rule;
  absl::Time recorded_at;
  std::string prompt;
  std::string system;
  // The number of places in both texts that were replaced, if they were searched at all.
  int redactions = 0;
  bool redacted = false;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_RECORDED_PROMPT_H_
