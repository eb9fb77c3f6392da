// assay.v1.ModelService over the registry's Manager.
#ifndef ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
#define ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "registry/manager.h"

namespace assay::server {

// Thread-safe.
class ModelServiceImpl final : public assay::v1::ModelService::Service {
 public:
  // hub_cache: where repositories of the Hub lie.
  ModelServiceImpl(registry::Manager* manager, absl::Duration drain_timeout, std::string hub_cache)
      : manager_(manager), drain_timeout_(drain_timeout), hub_cache_(std::move(hub_cache)) {}

  grpc::Status ListModels(grpc::ServerContext* context, const assay::v1::ListModelsRequest* request,
                          assay::v1::ListModelsResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const assay::v1::GetModelRequest* request,
                        assay::v1::Model* response) override;
  grpc::Status LoadModel(grpc::ServerContext* context, const assay::v1::LoadModelRequest* request,
                         grpc::ServerWriter<assay::v1::LoadModelResponse>* writer) override;
  grpc::Status UnloadModel(grpc::ServerContext* context,
                           const assay::v1::UnloadModelRequest* request,
                           assay::v1::UnloadModelResponse* response) override;
  grpc::Status InspectModel(grpc::ServerContext* context,
                            const assay::v1::InspectModelRequest* request,
                            assay::v1::ModelInspection* response) override;
  grpc::Status GetRoutes(grpc::ServerContext* context, const assay::v1::GetRoutesRequest* request,
                         assay::v1::GetRoutesResponse* response) override;

 private:
  void Fill(const registry::ModelStatus& status, assay::v1::Model* model) const;

  registry::Manager* const manager_;
  const absl::Duration drain_timeout_;
  const std::string hub_cache_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
