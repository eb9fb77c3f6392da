// What the evaluator needs from whoever serves models; server/ implements it.
#ifndef ASSAY_EVALUATOR_RECORDS_TEXT_GENERATOR_H_
#define ASSAY_EVALUATOR_RECORDS_TEXT_GENERATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"

namespace assay::evaluator {

struct Sampling {
  double temperature = 0.0;
  double top_p = 1.0;
  int top_k = 0;
  uint64_t seed = 0;
};

struct GenerationJob {
  std::string model;
  // A system message before the prompt; empty = none.
  std::string system;
  std::string prompt;
  Sampling sampling;
  int max_new_tokens = 256;
  absl::Duration timeout = absl::Minutes(5);
};

// One generation as measured by the server.
struct Generation {
  std::string text;
  // "end_of_text", "stop_string" or "length".
  std::string finish_reason;
  int prompt_tokens = 0;
  // Of them, those that were not read because an earlier request had left them in a cache.
  int cached_tokens = 0;
  int completion_tokens = 0;
  double queue_ms = 0;
  double prefill_ms = 0;
  double first_token_ms = 0;
  double per_token_ms = 0;
  // Quantiles of the time between one token and the next.
  double inter_token_p50_ms = 0;
  double inter_token_p90_ms = 0;
  double inter_token_p99_ms = 0;
  double total_ms = 0;
  double tokens_per_second = 0;
  // How long a load took that the text had to wait for; in none of the other times.
  double load_ms = 0;
};

// How likely a model finds each continuation of a context.
struct LikelihoodJob {
  std::string model;
  // As it stands: no chat template. Encoded together with each continuation; the continuation's
  // tokens are those behind the tokens of the context alone (lm_eval's rule: trailing spaces of the
  // context belong to the continuation).
  std::string context;
  std::vector<std::string> continuations;
  // Instead of both: of any length, read in windows of the model's context.
  std::string text;
  // For each window of `text`.
  absl::Duration timeout = absl::Minutes(5);
};

struct Likelihood {
  // Sum over the continuation's tokens, natural logarithm.
  double log_likelihood = 0;
  int64_t tokens = 0;
  // Every token of it is the model's most likely one.
  bool greedy = false;
  // LoadReport's, of the model that read it.
  std::string revision;
};

struct LoadReport {
  double load_seconds = 0;
  int64_t resident_bytes = 0;
  // Of a token's keys and values; 0 = not known.
  double kv_bytes_per_token = 0;
  // Models that are resident now, whoever had them loaded; 0 = not known.
  int resident_models = 0;
  // What is deployed, so that its results are told from those of another; empty = unknown.
  std::string revision;
  // "device", "dtype", "architecture", "quantization", "parameter_count",
  // "apple_silicon_optimized", ...: they become the run's parameters.
  std::map<std::string, std::string> parameters;
};

// Thread-safe.
class TextGenerator {
 public:
  virtual ~TextGenerator() = default;

  // Makes the model resident if it is not, and says what it is. Seconds, or as long as a download
  // takes. Polls `context`; CANCELLED then.
  virtual absl::StatusOr<LoadReport> Prepare(const std::string& model,
                                             const CallContext& context) = 0;

  // Before a measurement, so that no load falls into it: how long the load took; zero where the
  // model was resident. Polls `context`; CANCELLED then.
  virtual absl::StatusOr<absl::Duration> MakeResident(const std::string& /*model*/,
                                                      const CallContext& /*context*/) {
    return absl::ZeroDuration();
  }

  // A measurement: nothing of the prompt comes from a cache, and nothing of it is left in one.
  // Polls `context`; CANCELLED then.
  virtual absl::StatusOr<Generation> Generate(const GenerationJob& job,
                                              const CallContext& context) = 0;

  // One a continuation; of `text`, if there is one, instead. UNIMPLEMENTED where the server cannot.
  // Polls `context`.
  virtual absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& /*job*/,
                                                              const CallContext& /*context*/) {
    return absl::UnimplementedError("likelihoods: not offered here");
  }

  // What a job for the model meets now: the revision of what is resident, else of what is on this
  // machine; empty = unknown.
  virtual std::string RevisionOf(const std::string& /*model*/) { return ""; }

  // What all models take on a device of its own; 0 where the process's memory says it.
  virtual int64_t DeviceBytes() { return 0; }
};

// Resident memory of this process. Thread-safe.
class MemoryProbe {
 public:
  virtual ~MemoryProbe() = default;
  virtual int64_t ResidentBytes() = 0;
  // The highest since the last ResetPeak().
  virtual int64_t PeakBytes() = 0;
  virtual void ResetPeak() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TEXT_GENERATOR_H_
