// The records of an evaluation: its plan, samples and summaries.
#ifndef ASSAY_EVALUATOR_RECORDS_EVALUATION_H_
#define ASSAY_EVALUATOR_RECORDS_EVALUATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "evaluator/records/analysis_result.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/energy.h"
#include "evaluator/records/known_answer_task.h"
#include "evaluator/records/scaling_records.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Requirements on a generated text, independent of its content type.
struct PromptConstraints {
  // The maximum length in characters. 0 means no limit.
  int max_characters = 0;
  // Phrases that the text must contain. The search ignores case.
  std::vector<std::string> must_include;
};

struct EvaluationPrompt {
  // Unique within the plan.
  std::string id;
  std::string content_type;
  std::string prompt;
  // A system message before the prompt. May be empty.
  std::string system;
  // A good answer, for scorers that compare with one. May be empty.
  std::string reference;
  // Prompts derived from one source share a cluster and are not independent. If it is empty, the
  // prompt is a cluster of its own.
  std::string cluster;
  PromptConstraints constraints;
};

// One of the things that are compared: a model of the catalog, optionally with a system message and
// a sampling of its own.
struct Candidate {
  // Unique within the evaluation. Samples and summaries refer to it as `model`.
  std::string name;
  // The model's id in the catalog.
  std::string model;
  // Placed before each prompt's own system message. May be empty.
  std::string system;
  // Replaces the plan's sampling.
  std::optional<Sampling> sampling;
};

// The correction of the p-values of one family. kHolm bounds the probability of any false claim, by
// the closed procedure of analysis/pairwise.h;
// kBenjaminiHochberg bounds the expected fraction of false claims.
enum class Correction { kHolm, kBenjaminiHochberg, kNone };

// How failed generations enter quality scores. A text that its scorer failed to score is no failure
// of the model and is always left out.
enum class FailurePolicy {
  // A failed generation scores 0: it is worth nothing to those who wait for the text.
  kZero,
  // Quality is that of the generations that succeed.
  kLeaveOut
};

// The looks at an evaluation that may end early (analysis/early_stop.h).
struct LookPlan {
  // The number of looks, the last of which is the planned end. Fewer if there are fewer prompts.
  int looks = 5;
  // True: also ends if no undecided difference is likely to be shown at the planned end.
  bool futility = false;
};

// Specifies an evaluation. ValidatePlan() checks it before anything runs.
struct EvaluationPlan {
  std::string name;
  // The expected outcome in the author's own words. It is printed in the report.
  std::string hypothesis;
  std::vector<Candidate> models;
  // The name of the candidate that the others are compared with. Empty means the first one.
  std::string baseline;
  std::vector<EvaluationPrompt> prompts;
  // Where the prompts come from, such as "hf:owner/name@revision:test". Empty: not stated.
  std::string prompt_source;
  std::vector<KnownAnswerTask> tasks;
  ScalingPlan scaling;
  // The number of samples per candidate and prompt.
  int repeats = 1;
  Sampling sampling;
  int max_new_tokens = 200;
  // The time limit of each generation.
  absl::Duration timeout = absl::Minutes(5);
  // The names of scorers. The score of the first one is the quality score.
  std::vector<std::string> scorers = {"assay", "classic"};
  // The two-sided significance level of the tests.
  double alpha = 0.05;
  Correction correction = Correction::kHolm;
  FailurePolicy failures = FailurePolicy::kZero;
  // Replaces the server's inputs. If it is absent, the runner fills in the server's inputs before
  // it records the plan, so that a recorded plan has the inputs that were used. Plans recorded by
  // older versions may lack it.
  std::optional<EconomicsInputs> economics;
  // Absent: no early stopping.
  std::optional<LookPlan> stop_early;
  // The seed of the order in which samples are taken: equal plans and seeds have equal orders. 0
  // lets the runner choose one.
  uint64_t order_seed = 0;
};

// The memory of the server process around one generation, in bytes.
struct MemoryUse {
  // Resident memory before and after the generation, and its peak in between.
  int64_t before_bytes = 0;
  int64_t after_bytes = 0;
  int64_t peak_bytes = 0;
  // The memory of all models on a device with memory of its own, after the generation. 0 if the
  // models are part of the process's memory.
  int64_t device_bytes = 0;
  // The KV cache of the prompt and the generated text. 0 if unknown.
  int64_t kv_cache_bytes = 0;
};

// The result of one scorer for one text.
struct SampleScore {
  std::string scorer;
  std::string version;
  // From 0 to 10. Absent if the scorer failed.
  std::optional<double> overall;
  std::map<std::string, double> parts;
  // Empty if the scorer succeeded.
  std::string error;
};

// One generation, measured and scored. A failed generation has an `error` and no score. It enters
// quality by the plan's FailurePolicy.
struct Sample {
  // The name of the candidate.
  std::string model;
  std::string content_type;
  std::string prompt_id;
  // Counted from 0.
  int repeat = 0;
  // SampleSeed(): the seed with which the text was sampled, if it was sampled at all.
  uint64_t seed = 0;
  std::string error;
  Generation generation;
  // These three repeat the result of the first scorer, scores.front().
  std::optional<double> quality_score;
  std::string scorer;
  std::string scorer_version;
  // One entry per scorer of the plan, in the plan's order. Empty for a failed generation.
  std::vector<SampleScore> scores;
  MemoryUse memory;
  Energy energy;
  double cost_usd = 0;
  absl::Time finished_at;
  // LoadReport::revision of the model when the sample was taken.
  std::string revision;
  // The result of SystemProbe::Read() at the end of the sample. Empty if it was not read.
  std::map<std::string, double> system;
};

// The mean and spread of a value over the samples: the successful ones, and for quality scores the
// failed ones too if the plan's FailurePolicy is kZero. The mean and its interval are those of the
// prompts' means: repeats of a prompt are averaged first, and every prompt weighs the same. The
// deviation and the quantiles are those of all `samples`.
struct Estimate {
  // The number of prompts. The prompts of one cluster count once.
  int n = 0;
  int samples = 0;
  double mean = 0;
  double standard_deviation = 0;
  // The confidence interval of the mean, with errors clustered. Absent with fewer than two prompts.
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  double p50 = 0;
  double p90 = 0;
};

// The results of one candidate for one content type, or over all of them.
struct Summary {
  // The name of the candidate.
  std::string model;
  // Empty if the summary covers all content types.
  std::string content_type;
  int samples = 0;
  int failures = 0;
  double success_rate = 0;
  Estimate quality_score;
  Estimate latency_ms;
  Estimate first_token_ms;
  Estimate tokens_per_second;
  Estimate queue_ms;
  Estimate prefill_ms;
  // Estimates over the samples' own quantiles of the time between consecutive tokens.
  Estimate inter_token_p50_ms;
  Estimate inter_token_p90_ms;
  Estimate inter_token_p99_ms;
  Estimate energy_joules;
  Estimate cost_usd;
  double roi_per_piece = 0;
  MemoryUse memory;
  double load_seconds = 0;
  // LoadReport::revision of the model when it was measured.
  std::string revision;
  int64_t resident_bytes = 0;
  // The scorer of the quality score.
  std::string scorer;
  std::string scorer_version;
  // WorkloadFingerprint() of the content type. Empty over all types and in records of older
  // versions.
  std::string workload_fingerprint;
};

// kRunning -> kSucceeded | kFailed | kCancelled.
enum class EvaluationState { kRunning, kSucceeded, kFailed, kCancelled };

// Returns "running", "succeeded", "failed" or "cancelled".
std::string_view EvaluationStateName(EvaluationState state);

// The location of a tracked run on the tracking server.
struct RunLink {
  // The name of the candidate. Empty for the run of the evaluation as a whole.
  std::string model;
  std::string run_id;
  std::string url;
};

struct Evaluation {
  std::string id;
  std::string name;
  // PlanSha256() of the plan.
  std::string plan_sha256;
  // The versions of the plan's scorers when the evaluation began, by scorer name. Empty if it was
  // begun by a version of assayd that did not record them.
  std::map<std::string, std::string> scorer_versions;
  // The plan's order_seed. 0 if the plan was not read.
  uint64_t order_seed = 0;
  // The number of times that a restarted server resumed the evaluation.
  int resumes = 0;
  EvaluationState state = EvaluationState::kRunning;
  std::string error;
  absl::Time started_at;
  absl::Time finished_at;
  std::vector<Summary> summaries;
  Analysis analysis;
  std::vector<ScalingPoint> scaling;
  std::vector<RunLink> runs;
  // Samples and task answers, finished and planned.
  int finished_samples = 0;
  int total_samples = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_EVALUATION_H_
