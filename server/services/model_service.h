// assay.v1.ModelService over the registry's Manager.
#ifndef ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
#define ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "base/call_context.h"
#include "registry/catalog/route_policy.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "server/serving/engine_loader.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// Thread-safe.
class ModelServiceImpl final : public assay::v1::ModelService::Service {
 public:
  using ReloadFn =
      std::function<absl::StatusOr<registry::ReloadReport>(const CallContext& context)>;
  using SetRoutesFn =
      std::function<absl::Status(std::vector<registry::RoutePolicy>, bool keep_others)>;

  // loader: what `manager` loads with. hub_cache: where repositories of the Hub lie. reload: reads
  // the catalog again. set_routes: as Routing::Set() or, with keep_others, Routing::Add().
  ModelServiceImpl(registry::Manager* manager, const EngineLoader* loader, const Routing* routing,
                   ModelBreakers* breakers, absl::Duration drain_timeout, std::string hub_cache,
                   const HubFetch* hub, ReloadFn reload, SetRoutesFn set_routes)
      : manager_(manager),
        loader_(loader),
        routing_(routing),
        breakers_(breakers),
        drain_timeout_(drain_timeout),
        hub_cache_(std::move(hub_cache)),
        hub_(hub),
        reload_(std::move(reload)),
        set_routes_(std::move(set_routes)) {}

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

  registry::Manager* const manager_;
  const EngineLoader* const loader_;
  const Routing* const routing_;
  ModelBreakers* const breakers_;
  const absl::Duration drain_timeout_;
  const std::string hub_cache_;
  const HubFetch* const hub_;
  const ReloadFn reload_;
  const SetRoutesFn set_routes_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
