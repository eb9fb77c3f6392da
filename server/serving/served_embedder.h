// Lets evaluations compute sentence embeddings with the server's models: the evaluator's Embedder.
#ifndef ASSAY_SERVER_SERVING_SERVED_EMBEDDER_H_
#define ASSAY_SERVER_SERVING_SERVED_EMBEDDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "evaluator/records/embedder.h"
#include "server/serving/embedding.h"

namespace assay::server {

// Takes the path of a user's request, as many texts at a time as a request may have. Thread-safe.
class ServedEmbedder final : public evaluator::Embedder {
 public:
  // `embedding` must outlive this object.
  explicit ServedEmbedder(EmbeddingService* embedding) : embedding_(embedding) {}

  absl::StatusOr<std::vector<std::vector<float>>> Embed(const std::string& model,
                                                        absl::Span<const std::string> texts,
                                                        const CallContext& context) override;

 private:
  EmbeddingService* const embedding_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_SERVED_EMBEDDER_H_
