// The records of an evaluation: plan, samples, summary.
#ifndef ASSAY_EVALUATOR_RECORDS_EVALUATION_H_
#define ASSAY_EVALUATOR_RECORDS_EVALUATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evaluator/records/analysis_result.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/energy.h"
#include "evaluator/records/known_answer_task.h"
#include "evaluator/records/scaling_records.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// What a text must keep to, whatever its content type.
struct PromptConstraints {
  // 0 = no limit.
  int max_characters = 0;
  // Found by case-insensitive search.
  std::vector<std::string> must_include;
};

struct EvaluationPrompt {
  std::string id;
  std::string content_type;
  std::string prompt;
  // A system message before the prompt; empty = none.
  std::string system;
  // A good answer, for scorers that compare; empty = none.
  std::string reference;
  // Prompts made from one source share a cluster and are not independent; empty = its own.
  std::string cluster;
  PromptConstraints constraints;
};

// One thing to be measured: a model of the catalog, perhaps prompted in its own way.
struct Candidate {
  // Unique in the evaluation; what samples and summaries call `model`.
  std::string name;
  // Catalog id.
  std::string model;
  // Stands before each prompt's own system message; empty = none.
  std::string system;
  // Instead of the plan's.
  std::optional<Sampling> sampling;
};

// For p-values of one family: kHolm bounds the chance of any false claim, kBenjaminiHochberg the
// expected share of false claims.
enum class Correction { kHolm, kBenjaminiHochberg, kNone };

// What to run. Checked by the runner before anything runs.
struct EvaluationPlan {
  std::string name;
  // What is expected, in the words of whoever expects it; printed in the report.
  std::string hypothesis;
  std::vector<Candidate> models;
  // Name of the candidate that the others are compared with; empty = the first.
  std::string baseline;
  std::vector<EvaluationPrompt> prompts;
  std::vector<KnownAnswerTask> tasks;
  ScalingPlan scaling;
  int repeats = 1;
  Sampling sampling;
  int max_new_tokens = 200;
  absl::Duration timeout = absl::Minutes(5);
  // Names of scorers; the first one's score is the quality score.
  std::vector<std::string> scorers = {"assay", "classic"};
  // Level of the tests, two-sided.
  double alpha = 0.05;
  Correction correction = Correction::kHolm;
  // Instead of the server's. The runner fills the server's in before it records the plan, so that a
  // recorded plan has those that counted; absent in plans of older versions.
  std::optional<EconomicsInputs> economics;
  // Of the order in which samples are taken; same plan and seed: same order.
  uint64_t order_seed = 0;
};

// Of the server's process around a generation; the last two after it.
struct MemoryUse {
  int64_t before_bytes = 0;
  int64_t after_bytes = 0;
  int64_t peak_bytes = 0;
  // What all models take on a device of its own; 0 where the process's memory says it.
  int64_t device_bytes = 0;
  // Keys and values of the prompt and the text; 0 = not known.
  int64_t kv_cache_bytes = 0;
};

// What one scorer said of one text.
struct SampleScore {
  std::string scorer;
  std::string version;
  // 0 to 10; absent where the scorer failed.
  std::optional<double> overall;
  std::map<std::string, double> parts;
  std::string error;
};

// One generation, measured and scored. Failed ones have `error` and no score: counted, never scored
// 0, never dropped.
struct Sample {
  std::string model;
  std::string content_type;
  std::string prompt_id;
  int repeat = 0;
  // SampleSeed(): what its text was drawn with, where it was drawn at all.
  uint64_t seed = 0;
  std::string error;
  Generation generation;
  // The first scorer's; the three are scores.front() in short.
  std::optional<double> quality_score;
  std::string scorer;
  std::string scorer_version;
  // One a scorer of the plan, in its order; empty for a failed generation.
  std::vector<SampleScore> scores;
  MemoryUse memory;
  Energy energy;
  double cost_usd = 0;
  absl::Time finished_at;
  // LoadReport's, when this was taken.
  std::string revision;
  // SystemProbe::Read() at its end; empty = not read.
  std::map<std::string, double> system;
};

// Mean and spread of the successful samples. The repeats of a prompt are not independent, nor are
// the prompts of a cluster: the interval rests on `n`, mean, deviation and quantiles on `samples`.
struct Estimate {
  // Prompts, those of one cluster as one.
  int n = 0;
  int samples = 0;
  double mean = 0;
  double standard_deviation = 0;
  // Of the mean, errors clustered; absent with fewer than two prompts.
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  double p50 = 0;
  double p90 = 0;
};

struct Summary {
  std::string model;
  // Empty = over all content types.
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
  // Of each sample's own quantiles of the time from one token to the next.
  Estimate inter_token_p50_ms;
  Estimate inter_token_p90_ms;
  Estimate inter_token_p99_ms;
  Estimate energy_joules;
  Estimate cost_usd;
  double roi_per_piece = 0;
  MemoryUse memory;
  double load_seconds = 0;
  // LoadReport's, while this was measured.
  std::string revision;
  int64_t resident_bytes = 0;
  // What gave the quality score.
  std::string scorer;
  std::string scorer_version;
  // TypeFingerprint(): what was asked; empty over all types, and in old records.
  std::string asked;
};

// kRunning -> kSucceeded | kFailed | kCancelled.
enum class EvaluationState { kRunning, kSucceeded, kFailed, kCancelled };

struct RunLink {
  std::string model;
  std::string run_id;
  std::string url;
};

struct Evaluation {
  std::string id;
  std::string name;
  // PlanSha256().
  std::string plan_sha256;
  // Of the plan's scorers when it began, by name; empty: begun by a version that did not say.
  std::map<std::string, std::string> scorer_versions;
  // The plan's; 0 = not read from the plan.
  uint64_t order_seed = 0;
  // How often a new start of the server went on with it.
  int resumes = 0;
  EvaluationState state = EvaluationState::kRunning;
  std::string error;
  absl::Time started_at;
  absl::Time finished_at;
  std::vector<Summary> summaries;
  Analysis analysis;
  std::vector<ScalingPoint> scaling;
  std::vector<RunLink> runs;
  int finished_samples = 0;
  int total_samples = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_EVALUATION_H_
