// The gRPC service assay.v1.EmbeddingService.
#ifndef ASSAY_SERVER_SERVICES_EMBEDDING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_EMBEDDING_SERVICE_H_

#include "assay/v1/embedding.grpc.pb.h"
#include "server/serving/embedding.h"

namespace assay::server {

// Converts messages and statuses; EmbeddingService does the work. Thread-safe.
class EmbeddingServiceImpl final : public assay::v1::EmbeddingService::Service {
 public:
  // `embedding` must outlive this object.
  explicit EmbeddingServiceImpl(EmbeddingService* embedding) : embedding_(embedding) {}

  grpc::Status Embed(grpc::ServerContext* context, const assay::v1::EmbedRequest* request,
                     assay::v1::EmbedResponse* response) override;

 private:
  EmbeddingService* const embedding_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EMBEDDING_SERVICE_H_
