// A scripted text generator and a memory probe for tests.
#ifndef ASSAY_TESTS_EVALUATOR_RUN_FAKES_H_
#define ASSAY_TESTS_EVALUATOR_RUN_FAKES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Answers at once with values derived from the prompt's length. Records every call.
class FakeGenerator : public TextGenerator {
 public:
  // The errors of Prepare(), by model.
  std::map<std::string, absl::Status> prepare_errors;
  // The errors of Generate(), by prompt text.
  std::map<std::string, absl::Status> generate_errors;
  std::string revision = "sha256:0123456789ab";
  // The resident models: those set by the test, and those that were prepared.
  std::set<std::string> resident;
  // Generation::cached_tokens of every generation.
  int cached_tokens = 0;
  int64_t device_bytes = 0;
  // Called before each answer.
  std::function<void(const GenerationJob&, const CallContext& context)> before_answer;
  // Called at the start of each load.
  std::function<void(const CallContext& context)> before_load;
  // The error of a generation that was cancelled.
  absl::Status when_cancelled = absl::CancelledError("cancelled");

  absl::StatusOr<LoadReport> Prepare(const std::string& model,
                                     const CallContext& context) override {
    if (before_load) before_load(context);
    if (context.IsDone()) return absl::CancelledError("cancelled while the model was loading");
    MutexLock lock(mutex_);
    prepared_.push_back(model);
    if (const auto error = prepare_errors.find(model); error != prepare_errors.end()) {
      return error->second;
    }
    resident.insert(model);
    return LoadReport{.load_seconds = 1.5,
                      .resident_bytes = 400'000'000,
                      .kv_bytes_per_token = 100,
                      .resident_models = static_cast<int>(resident.size()),
                      .revision = revision,
                      .parameters = {{"device", "cpu"}, {"architecture", "llama"}}};
  }

  // The result of MakeResident().
  absl::Duration reload = absl::ZeroDuration();
  // Called during MakeResident().
  std::function<void()> during_reload;

  absl::StatusOr<absl::Duration> MakeResident(const std::string& /*model*/,
                                              const CallContext& /*context*/) override {
    if (during_reload) during_reload();
    return reload;
  }

  absl::StatusOr<Generation> Generate(const GenerationJob& job,
                                      const CallContext& context) override {
    {
      MutexLock lock(mutex_);
      jobs_.push_back(job);
    }
    if (before_answer) before_answer(job, context);
    if (context.IsDone()) return when_cancelled;
    if (const auto error = generate_errors.find(job.prompt); error != generate_errors.end()) {
      return error->second;
    }
    const auto length = static_cast<double>(job.prompt.size());
    return Generation{.text = absl::StrCat("Our strategy: ", job.prompt),
                      .finish_reason = "end_of_text",
                      .prompt_tokens = static_cast<int>(length),
                      .cached_tokens = cached_tokens,
                      .completion_tokens = 40,
                      .queue_ms = 500,
                      .prefill_ms = 100,
                      .first_token_ms = 620,
                      .per_token_ms = 10,
                      .total_ms = 1000 + 100 * length,
                      .tokens_per_second = 20 + length};
  }

  // The log-likelihoods by continuation or text, each of two tokens. Other texts are INTERNAL
  // errors.
  std::map<std::string, double> likelihoods;
  absl::Status likelihood_error;
  // Called before each answer.
  std::function<void(const CallContext& context)> before_likelihoods;

  absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& job,
                                                      const CallContext& context) override {
    if (before_likelihoods) before_likelihoods(context);
    if (context.IsDone()) return when_cancelled;
    if (!likelihood_error.ok()) return likelihood_error;
    std::vector<std::string> requested = job.continuations;
    if (!job.text.empty()) requested = {job.text};
    std::vector<Likelihood> found;
    for (const std::string& text : requested) {
      const auto known = likelihoods.find(text);
      if (known == likelihoods.end())
        return absl::InternalError(absl::StrCat("no likelihood is set for ", text));
      found.push_back({.log_likelihood = known->second, .tokens = 2, .revision = revision});
    }
    return found;
  }

  std::string RevisionOf(const std::string& /*model*/) override { return revision; }
  int64_t DeviceBytes() override { return device_bytes; }

  std::vector<std::string> prepared() const {
    MutexLock lock(mutex_);
    return prepared_;
  }
  std::vector<GenerationJob> jobs() const {
    MutexLock lock(mutex_);
    return jobs_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> prepared_ ABSL_GUARDED_BY(mutex_);
  std::vector<GenerationJob> jobs_ ABSL_GUARDED_BY(mutex_);
};

// Resident memory grows by 1000 bytes with every reading. The peak is 2 GB above the resident
// memory at the last reset.
class FakeMemory : public MemoryProbe {
 public:
  int64_t ResidentBytes() override { return resident_ += 1000; }
  int64_t PeakBytes() override { return 2'000'000'000 + at_reset_; }
  void ResetPeak() override { at_reset_ = resident_; }

 private:
  int64_t resident_ = 1'000'000'000;
  int64_t at_reset_ = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_RUN_FAKES_H_
