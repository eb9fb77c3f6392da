// The server's own generation as the evaluator's TextGenerator: an evaluation walks the path that
// users' requests walk, but for the prefix cache: candidates and repeats share prompts, and whoever
// came second would be the faster.
#ifndef ASSAY_SERVER_SERVED_GENERATOR_H_
#define ASSAY_SERVER_SERVED_GENERATOR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "assay/v1/inference.pb.h"
#include "engine/runtime/device.h"
#include "evaluator/text_generator.h"
#include "registry/manager.h"
#include "registry/revision.h"
#include "server/generation.h"
#include "server/likelihood.h"

namespace assay::server {

// Thread-safe.
class ServedGenerator final : public evaluator::TextGenerator {
 public:
  ServedGenerator(registry::Manager* manager, GenerationService* generation,
                  LikelihoodService* likelihood, registry::Revisions* revisions,
                  engine::DeviceInfo device)
      : manager_(manager),
        generation_(generation),
        likelihood_(likelihood),
        revisions_(revisions),
        device_(std::move(device)) {}

  absl::StatusOr<evaluator::LoadReport> Prepare(const std::string& model) override;
  absl::StatusOr<evaluator::Generation> Generate(const evaluator::GenerationJob& job,
                                                 const std::function<bool()>& cancelled) override;
  absl::StatusOr<std::vector<evaluator::Likelihood>> Likelihoods(
      const evaluator::LikelihoodJob& job, const std::function<bool()>& cancelled) override;
  int64_t DeviceBytes() override { return engine::DeviceMemoryInUse(device_); }

 private:
  absl::Status SetPrompt(const evaluator::GenerationJob& job, assay::v1::GenerateRequest* request);

  registry::Manager* const manager_;
  GenerationService* const generation_;
  LikelihoodService* const likelihood_;
  registry::Revisions* const revisions_;
  const engine::DeviceInfo device_;
};

// "end_of_text", "stop_string", "length".
std::string FinishReasonName(assay::v1::FinishReason reason);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVED_GENERATOR_H_
