// The server's own generation as the evaluator's TextGenerator: an evaluation walks the path that
// users' requests walk, but for the prefix cache: candidates and repeats share prompts, and whoever
// came second would be the faster.
#ifndef ASSAY_SERVER_SERVING_SERVED_GENERATOR_H_
#define ASSAY_SERVER_SERVING_SERVED_GENERATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "assay/v1/inference.pb.h"
#include "base/call_context.h"
#include "engine/runtime/device.h"
#include "evaluator/records/text_generator.h"
#include "registry/residency/manager.h"
#include "server/serving/generation.h"
#include "server/serving/likelihood.h"

namespace assay::server {

// Thread-safe.
class ServedGenerator final : public evaluator::TextGenerator {
 public:
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
  // FAILED_PRECONDITION too: another revision wrote the text than Prepare() found.
  absl::StatusOr<evaluator::Generation> Generate(const evaluator::GenerationJob& job,
                                                 const CallContext& context) override;
  // FAILED_PRECONDITION: as Generate().
  absl::StatusOr<std::vector<evaluator::Likelihood>> Likelihoods(
      const evaluator::LikelihoodJob& job, const CallContext& context) override;
  std::string RevisionOf(const std::string& model) override;
  int64_t DeviceBytes() override { return engine::DeviceMemoryInUse(device_); }

 private:
  absl::Status SetPrompt(const evaluator::GenerationJob& job, const CallContext& context,
                         assay::v1::GenerateRequest* request);
  absl::Status CheckRevision(const std::string& model, const std::string& revision)
      ABSL_LOCKS_EXCLUDED(mutex_);

  registry::Manager* const manager_;
  GenerationService* const generation_;
  LikelihoodService* const likelihood_;
  const engine::DeviceInfo device_;
  absl::Mutex mutex_;
  // Of each model when it was prepared last.
  std::map<std::string, std::string> prepared_ ABSL_GUARDED_BY(mutex_);
};

// "end_of_text", "stop_string", "length".
std::string FinishReasonName(assay::v1::FinishReason reason);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_SERVED_GENERATOR_H_
