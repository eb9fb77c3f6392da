// The server's own generation as the evaluator's TextGenerator: an evaluation walks the path that
// users' requests walk.
#ifndef ASSAY_SERVER_SERVED_GENERATOR_H_
#define ASSAY_SERVER_SERVED_GENERATOR_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "evaluator/text_generator.h"
#include "registry/manager.h"
#include "server/generation.h"

namespace assay::server {

// Thread-safe.
class ServedGenerator final : public evaluator::TextGenerator {
 public:
  ServedGenerator(registry::Manager* manager, GenerationService* generation)
      : manager_(manager), generation_(generation) {}

  absl::StatusOr<evaluator::LoadReport> Prepare(const std::string& model) override;
  absl::StatusOr<evaluator::Generation> Generate(const evaluator::GenerationJob& job,
                                                 const std::function<bool()>& cancelled) override;

 private:
  registry::Manager* const manager_;
  GenerationService* const generation_;
};

// "end_of_text", "stop_string", "length".
std::string FinishReasonName(assay::v1::FinishReason reason);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVED_GENERATOR_H_
