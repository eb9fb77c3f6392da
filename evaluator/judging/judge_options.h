// The settings of a judge.
#ifndef ASSAY_EVALUATOR_JUDGING_JUDGE_OPTIONS_H_
#define ASSAY_EVALUATOR_JUDGING_JUDGE_OPTIONS_H_

#include <string>

#include "absl/time/time.h"

namespace assay::evaluator {

// A judge is a model of the catalog, or a model behind an OpenAI-compatible endpoint. The options
// never contain a key, so that they may be logged.
struct JudgeOptions {
  // Unique among the judges.
  std::string name;
  // The catalog id, or the endpoint's name of the model.
  std::string model;
  // The base URL, such as https://api.openai.com/v1, without a slash at its end. Empty: the judge
  // is a model of the catalog. The fields below apply to endpoints only.
  std::string endpoint;
  // The environment variable with the key. Empty: no key is sent.
  std::string api_key_env;
  double usd_per_million_input_tokens = 0;
  double usd_per_million_output_tokens = 0;
  // The time limit of one request.
  absl::Duration timeout = absl::Seconds(60);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_JUDGING_JUDGE_OPTIONS_H_
