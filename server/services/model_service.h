// The gRPC service assay.v1.ModelService.
#ifndef ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
#define ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "server/services/catalog_control.h"
#include "server/serving/engine_loader.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// Shows and changes which models are resident, and how requests are routed. Thread-safe.
class ModelServiceImpl final : public assay::v1::ModelService::Service {
 public:
  // Every pointer must outlive the service.
  struct Dependencies {
    registry::Manager* manager;
    // The loader of `manager`.
    const EngineLoader* loader;
    const HubFetch* hub;
    const Routing* routing;
    ModelBreakers* breakers;
    CatalogControl* control;
    // The folder of the Hub's cache.
    std::string hub_cache;
    // The longest time that UnloadModel waits for running requests.
    absl::Duration drain_timeout;
  };

  explicit ModelServiceImpl(Dependencies dependencies) : deps_(std::move(dependencies)) {}

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
  grpc::Status PullModel(grpc::ServerContext* context, const assay::v1::PullModelRequest* request,
                         grpc::ServerWriter<assay::v1::PullModelResponse>* writer) override;
  grpc::Status ReloadCatalog(grpc::ServerContext* context,
                             const assay::v1::ReloadCatalogRequest* request,
                             assay::v1::ReloadCatalogResponse* response) override;
  grpc::Status GetRoutes(grpc::ServerContext* context, const assay::v1::GetRoutesRequest* request,
                         assay::v1::GetRoutesResponse* response) override;
  grpc::Status SetRoutes(grpc::ServerContext* context, const assay::v1::SetRoutesRequest* request,
                         assay::v1::SetRoutesResponse* response) override;
  grpc::Status ExplainRoute(grpc::ServerContext* context,
                            const assay::v1::ExplainRouteRequest* request,
                            assay::v1::ExplainRouteResponse* response) override;

 private:
  void Fill(const registry::ModelStatus& status, assay::v1::Model* model) const;

  const Dependencies deps_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
