// A finished evaluation, for tests of routing.
#ifndef ASSAY_TESTS_SERVER_ROUTING_FINISHED_EVALUATION_H_
#define ASSAY_TESTS_SERVER_ROUTING_FINISHED_EVALUATION_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"

namespace assay::server {

// Returns an evaluation of model "a" on the content type "poem".
inline evaluator::Evaluation Finished(const std::string& id, double mean,
                                      const std::string& revision) {
  evaluator::Evaluation evaluation;
  evaluation.id = id;
  evaluation.state = evaluator::EvaluationState::kSucceeded;
  evaluation.started_at = absl::FromUnixSeconds(1000);
  evaluation.finished_at = absl::FromUnixSeconds(2000);
  evaluator::Summary summary;
  summary.success_rate = 1;
  summary.model = "a";
  summary.content_type = "poem";
  summary.quality_score = {.n = 40, .mean = mean, .ci_low = mean - 1, .ci_high = mean + 1};
  summary.latency_ms.p90 = 1250;
  summary.cost_usd.mean = 1.7e-6;
  summary.revision = revision;
  summary.resident_bytes = 7;
  summary.scorer = "assay";
  summary.scorer_version = "1";
  evaluation.summaries = {summary};
  return evaluation;
}

// Returns the samples of Finished(): 40 prompts with the score `mean`.
inline std::vector<evaluator::Sample> FinishedSamples(double mean) {
  constexpr int kPrompts = 40;
  std::vector<evaluator::Sample> samples;
  for (int i = 0; i < kPrompts; ++i) {
    evaluator::Sample sample;
    sample.model = "a";
    sample.content_type = "poem";
    sample.prompt_id = absl::StrCat("prompt-", i);
    sample.quality_score = mean;
    sample.cost_usd = 1.7e-6;
    samples.push_back(sample);
  }
  return samples;
}

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_ROUTING_FINISHED_EVALUATION_H_
