// The gRPC service assay.v1.ModelService.
#ifndef ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
#define ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "server/rpc/call_runner.h"
#include "server/services/catalog_control.h"
#include "server/serving/engine_loader.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// Shows and changes which models are resident, and how requests are routed. Thread-safe.
class ModelServiceImpl final : public assay::v1::ModelService::CallbackService {
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

  // `calls` runs the calls. Every pointer must outlive the service.
  ModelServiceImpl(CallRunner* calls, Dependencies dependencies)
      : calls_(calls), deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const assay::v1::ListModelsRequest* request,
                                       assay::v1::ListModelsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &ModelServiceImpl::ListModels, request, response);
  }
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const assay::v1::GetModelRequest* request,
                                     assay::v1::Model* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &ModelServiceImpl::GetModel, request, response);
  }
  grpc::ServerWriteReactor<assay::v1::LoadModelResponse>* LoadModel(
      grpc::CallbackServerContext* context, const assay::v1::LoadModelRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWatch, this,
                          &ModelServiceImpl::LoadModel, request);
  }
  grpc::ServerUnaryReactor* UnloadModel(grpc::CallbackServerContext* context,
                                        const assay::v1::UnloadModelRequest* request,
                                        assay::v1::UnloadModelResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &ModelServiceImpl::UnloadModel, request, response);
  }
  grpc::ServerUnaryReactor* InspectModel(grpc::CallbackServerContext* context,
                                         const assay::v1::InspectModelRequest* request,
                                         assay::v1::ModelInspection* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &ModelServiceImpl::InspectModel, request, response);
  }
  grpc::ServerWriteReactor<assay::v1::PullModelResponse>* PullModel(
      grpc::CallbackServerContext* context, const assay::v1::PullModelRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWatch, this,
                          &ModelServiceImpl::PullModel, request);
  }
  grpc::ServerUnaryReactor* ReloadCatalog(grpc::CallbackServerContext* context,
                                          const assay::v1::ReloadCatalogRequest* request,
                                          assay::v1::ReloadCatalogResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWatch, this,
                         &ModelServiceImpl::ReloadCatalog, request, response);
  }
  grpc::ServerUnaryReactor* GetRoutes(grpc::CallbackServerContext* context,
                                      const assay::v1::GetRoutesRequest* request,
                                      assay::v1::GetRoutesResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &ModelServiceImpl::GetRoutes, request, response);
  }
  grpc::ServerUnaryReactor* SetRoutes(grpc::CallbackServerContext* context,
                                      const assay::v1::SetRoutesRequest* request,
                                      assay::v1::SetRoutesResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &ModelServiceImpl::SetRoutes, request, response);
  }
  grpc::ServerUnaryReactor* ExplainRoute(grpc::CallbackServerContext* context,
                                         const assay::v1::ExplainRouteRequest* request,
                                         assay::v1::ExplainRouteResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &ModelServiceImpl::ExplainRoute, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::ModelService::service_full_name();

  absl::Status ListModels(const ServerCall& call, const assay::v1::ListModelsRequest& request,
                          assay::v1::ListModelsResponse* response);
  absl::Status GetModel(const ServerCall& call, const assay::v1::GetModelRequest& request,
                        assay::v1::Model* response);
  absl::Status LoadModel(const ServerCall& call, const assay::v1::LoadModelRequest& request,
                         MessageWriter<assay::v1::LoadModelResponse>* writer);
  absl::Status UnloadModel(const ServerCall& call, const assay::v1::UnloadModelRequest& request,
                           assay::v1::UnloadModelResponse* response);
  absl::Status InspectModel(const ServerCall& call, const assay::v1::InspectModelRequest& request,
                            assay::v1::ModelInspection* response);
  absl::Status PullModel(const ServerCall& call, const assay::v1::PullModelRequest& request,
                         MessageWriter<assay::v1::PullModelResponse>* writer);
  absl::Status ReloadCatalog(const ServerCall& call, const assay::v1::ReloadCatalogRequest& request,
                             assay::v1::ReloadCatalogResponse* response);
  absl::Status GetRoutes(const ServerCall& call, const assay::v1::GetRoutesRequest& request,
                         assay::v1::GetRoutesResponse* response);
  absl::Status SetRoutes(const ServerCall& call, const assay::v1::SetRoutesRequest& request,
                         assay::v1::SetRoutesResponse* response);
  absl::Status ExplainRoute(const ServerCall& call, const assay::v1::ExplainRouteRequest& request,
                            assay::v1::ExplainRouteResponse* response);

  void Fill(const registry::ModelStatus& status, assay::v1::Model* model) const;

  CallRunner* const calls_;
  const Dependencies deps_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_MODEL_SERVICE_H_
