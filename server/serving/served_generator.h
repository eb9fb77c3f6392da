// Lets evaluations use the server's own generation: the evaluator's TextGenerator.
#ifndef ASSAY_SERVER_SERVING_SERVED_GENERATOR_H_
#define ASSAY_SERVER_SERVING_SERVED_GENERATOR_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/device.h"
#include "evaluator/records/text_generator.h"
#include "registry/residency/manager.h"
#include "server/serving/generation.h"
#include "server/serving/generation_types.h"
#include "server/serving/likelihood.h"

namespace assay::server {

// Serves evaluations exactly as users' requests are served, except that the prefix cache is not
// used: candidates and repeats share prompts, and the second one would be faster.
//
// The revision that Prepare() finds is the one that is measured: Generate() and Likelihoods() fail
// with FAILED_PRECONDITION if another revision has answered. Thread-safe.
class ServedGenerator final : public evaluator::TextGenerator {
 public:
  // Every pointer must outlive this object.
  ServedGenerator(registry::Manager* manager, GenerationService* generation,
                  LikelihoodService* likelihood, engine::DeviceInfo device)
      : manager_(manager),
        generation_(generation),
        likelihood_(likelihood),
        device_(std::move(device)) {}

  absl::StatusOr<evaluator::LoadReport> Prepare(const std::string& model,
                                                const CallContext& context) override;
  absl::StatusOr<absl::Duration> MakeResident(const std::string& model,
                                              const CallContext& context) override;
  absl::StatusOr<evaluator::Generation> Generate(const evaluator::GenerationJob& job,
                                                 const CallContext& context) override;
  absl::StatusOr<std::vector<evaluator::Likelihood>> Likelihoods(
      const evaluator::LikelihoodJob& job, const CallContext& context) override;
  std::string RevisionOf(const std::string& model) override;
  int64_t DeviceBytes() override { return engine::DeviceMemoryInUse(device_); }

 private:
  // Sets the prompt, or the conversation if the job has a system message. Makes the model resident
  // in that case.
  absl::Status SetPrompt(const evaluator::GenerationJob& job, const CallContext& context,
                         GenerateCall* call);
  absl::Status CheckRevision(const std::string& model, const std::string& revision)
      ABSL_LOCKS_EXCLUDED(mutex_);

  registry::Manager* const manager_;
  GenerationService* const generation_;
  LikelihoodService* const likelihood_;
  const engine::DeviceInfo device_;
  absl::Mutex mutex_;
  // The revision of each model when it was last prepared.
  std::map<std::string, std::string> prepared_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_SERVED_GENERATOR_H_
