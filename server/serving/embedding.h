// Serves requests for sentence embeddings.
#ifndef ASSAY_SERVER_SERVING_EMBEDDING_H_
#define ASSAY_SERVER_SERVING_EMBEDDING_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/encoder_model.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"
#include "server/routing/model_kinds.h"

namespace assay::server {

// The maximum number of texts of a call.
inline constexpr size_t kMaxEmbedTexts = 256;

// A request for the vectors of texts.
struct EmbedCall {
  // Catalog id of an encoder.
  std::string model;
  // 1 to kMaxEmbedTexts; a text may be empty.
  std::vector<std::string> input;
  // True: vectors have L2 norm 1.
  bool normalize = true;
};

struct EmbedResult {
  // One per text.
  std::vector<engine::TextEmbedding> embeddings;
  std::string model;
  // The revision of the model that computed them.
  std::string revision;
  int dimension = 0;
  engine::EmbeddingTimes times;
  // The time until the model was resident, and that of the whole call.
  absl::Duration load_time;
  absl::Duration total_time;
};

// Thread-safe. Construction is cheap.
class EmbeddingService {
 public:
  // `manager` and `kinds` must outlive this object. `kinds` may be null: the kind of a model is
  // then known only once it is loaded.
  EmbeddingService(registry::Manager* manager, ModelKinds* kinds, const LimitsConfig& limits)
      : manager_(manager), kinds_(kinds), limits_(limits) {}

  // Blocks while the model is loaded and computes, at most limits.inference_timeout. Errors are
  // those of proto/assay/v1/embedding.proto; CANCELLED and DEADLINE_EXCEEDED take effect within one
  // batch.
  absl::StatusOr<EmbedResult> Compute(const EmbedCall& call, const CallContext& context);

 private:
  absl::Status Check(const EmbedCall& call) const;

  registry::Manager* const manager_;
  ModelKinds* const kinds_;
  const LimitsConfig limits_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_EMBEDDING_H_
