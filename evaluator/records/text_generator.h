// The interface through which the evaluator uses language models. server/ implements it.
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
  // 0 is greedy decoding.
  double temperature = 0.0;
  double top_p = 1.0;
  // 0 means no limit.
  int top_k = 0;
  uint64_t seed = 0;
};

struct GenerationJob {
  // The model's id in the catalog.
  std::string model;
  // A system message before the prompt. May be empty.
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
  // The prompt tokens that were not prefilled, because an earlier request had left them in a cache.
  int cached_tokens = 0;
  int completion_tokens = 0;
  double queue_ms = 0;
  double prefill_ms = 0;
  double first_token_ms = 0;
  double per_token_ms = 0;
  // Quantiles of the time between consecutive tokens.
  double inter_token_p50_ms = 0;
  double inter_token_p90_ms = 0;
  double inter_token_p99_ms = 0;
  double total_ms = 0;
  double tokens_per_second = 0;
  // The duration of a model load that the request had to wait for. No other time includes it.
  double load_ms = 0;
};

// Asks for the likelihood of each continuation of a context, or of one text.
struct LikelihoodJob {
  // The model's id in the catalog.
  std::string model;
  // Used verbatim, without a chat template. It is encoded together with each continuation; the
  // continuation's tokens are those after the tokens of the context alone. This is lm_eval's rule:
  // trailing spaces of the context belong to the continuation.
  std::string context;
  std::vector<std::string> continuations;
  // If not empty, it replaces the context and the continuations. It may have any length and is
  // processed in windows of the model's context size.
  std::string text;
  // The time limit, which applies to each window of `text`.
  absl::Duration timeout = absl::Minutes(5);
};

struct Likelihood {
  // The sum over the continuation's tokens, natural logarithm.
  double log_likelihood = 0;
  int64_t tokens = 0;
  // True if every token is the model's most likely one.
  bool greedy = false;
  // LoadReport::revision of the model.
  std::string revision;
};

// Describes a resident model.
struct LoadReport {
  double load_seconds = 0;
  int64_t resident_bytes = 0;
  // The KV cache bytes per token. 0 if unknown.
  double kv_bytes_per_token = 0;
  // The number of models that are resident now, including those loaded for other clients. 0 if
  // unknown.
  int resident_models = 0;
  // Identifies the deployed files, so that the results of different ones are not mixed. Empty if
  // unknown.
  std::string revision;
  // "device", "dtype", "architecture", "quantization", "parameter_count",
  // "apple_silicon_optimized" and others. They become the parameters of the tracked run.
  std::map<std::string, std::string> parameters;
};

// Generates texts and computes likelihoods. Thread-safe. Methods that take a CallContext block and
// poll it; they return CANCELLED once it is done.
class TextGenerator {
 public:
  virtual ~TextGenerator() = default;

  // Makes the model resident if it is not, and describes it. Takes seconds, or as long as a
  // download takes.
  virtual absl::StatusOr<LoadReport> Prepare(const std::string& model,
                                             const CallContext& context) = 0;

  // Makes the model resident and returns how long the load took, zero if the model was resident.
  // Call it before a measurement, so that the measurement does not include a load.
  virtual absl::StatusOr<absl::Duration> MakeResident(const std::string& /*model*/,
                                                      const CallContext& /*context*/) {
    return absl::ZeroDuration();
  }

  // Generates one text for a measurement: no part of the prompt is taken from a cache or left in
  // one.
  virtual absl::StatusOr<Generation> Generate(const GenerationJob& job,
                                              const CallContext& context) = 0;

  // Returns one Likelihood per continuation, or a single one if `job` has a `text`. Returns
  // UNIMPLEMENTED if the server cannot compute likelihoods.
  virtual absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& /*job*/,
                                                              const CallContext& /*context*/) {
    return absl::UnimplementedError("likelihoods: this server does not offer them");
  }

  // Returns the revision that a job for the model would use now: that of the resident model, else
  // that of the files on this machine. Empty if unknown.
  virtual std::string RevisionOf(const std::string& /*model*/) { return ""; }

  // Returns the memory of all models on a device with memory of its own. 0 if the models are part
  // of the process's memory.
  virtual int64_t DeviceBytes() { return 0; }
};

// Measures the resident memory of this process. Thread-safe.
class MemoryProbe {
 public:
  virtual ~MemoryProbe() = default;
  virtual int64_t ResidentBytes() = 0;
  // Returns the maximum since the last ResetPeak().
  virtual int64_t PeakBytes() = 0;
  virtual void ResetPeak() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TEXT_GENERATOR_H_
