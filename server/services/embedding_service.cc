// The gRPC service assay.v1.EmbeddingService.
#include "server/services/embedding_service.h"

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/serving/token_charge.h"

namespace assay::server {
namespace {

EmbedCall ToCall(const assay::v1::EmbedRequest& request) {
  return {.model = request.model(),
          .input = {request.input().begin(), request.input().end()},
          .normalize = !request.has_normalize() || request.normalize()};
}

void ToProto(const EmbedResult& result, assay::v1::EmbedResponse* out) {
  for (const engine::TextEmbedding& embedding : result.embeddings) {
    assay::v1::TextEmbedding* added = out->add_embeddings();
    added->mutable_vector()->Assign(embedding.vector.begin(), embedding.vector.end());
    added->set_tokens(embedding.tokens);
    added->set_truncated(embedding.truncated);
  }
  out->set_model(result.model);
  out->set_revision(result.revision);
  out->set_dimension(result.dimension);
  assay::v1::EmbedTimings* timings = out->mutable_timings();
  timings->set_load_ms(absl::ToDoubleMilliseconds(result.load_time));
  timings->set_tokenization_ms(absl::ToDoubleMilliseconds(result.times.tokenization));
  timings->set_queue_ms(absl::ToDoubleMilliseconds(result.times.queue));
  timings->set_computation_ms(absl::ToDoubleMilliseconds(result.times.computation));
  timings->set_total_ms(absl::ToDoubleMilliseconds(result.total_time));
}

}  // namespace

absl::Status EmbeddingServiceImpl::Embed(const ServerCall& call,
                                         const assay::v1::EmbedRequest& request,
                                         assay::v1::EmbedResponse* response) {
  RETURN_IF_ERROR(call.caller().CheckModel(request.model()));
  const absl::StatusOr<EmbedResult> result =
      embedding_->Compute(ToCall(request), call.ContextOfCaller());
  RETURN_IF_ERROR(result.status());
  for (const engine::TextEmbedding& text : result->embeddings) {
    ChargeTokens(call.caller(), text.tokens);
  }
  ToProto(*result, response);
  return absl::OkStatus();
}

}  // namespace assay::server
