// assay.v1.ModelService over the registry's Manager.
#include "server/services/model_service.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/runtime/inspection.h"
#include "registry/source.h"
#include "server/engine_loader.h"
#include "server/grpc_status.h"
#include "server/services/proto_time.h"

namespace assay::server {
namespace {

assay::v1::ModelState ToProto(registry::ModelState state) {
  switch (state) {
    case registry::ModelState::kNew:
      return assay::v1::MODEL_STATE_NEW;
    case registry::ModelState::kDownloading:
      return assay::v1::MODEL_STATE_DOWNLOADING;
    case registry::ModelState::kLoading:
      return assay::v1::MODEL_STATE_LOADING;
    case registry::ModelState::kReady:
      return assay::v1::MODEL_STATE_READY;
    case registry::ModelState::kDraining:
      return assay::v1::MODEL_STATE_DRAINING;
    case registry::ModelState::kUnloaded:
      return assay::v1::MODEL_STATE_UNLOADED;
    case registry::ModelState::kFailed:
      return assay::v1::MODEL_STATE_FAILED;
  }
  return assay::v1::MODEL_STATE_UNSPECIFIED;
}

void FillDetails(const registry::ModelStatus& status, const EngineModel& resident,
                 assay::v1::ModelDetails* details) {
  const engine::LoadedModelInfo& info = resident.model().info();
  details->set_architecture(info.architecture);
  details->set_parameter_count(info.parameter_count);
  details->set_context_length(info.context_length);
  details->set_device(info.device);
  details->set_dtype(info.dtype);
  details->set_quantization(info.quantization);
  details->set_resident_bytes(status.resident_bytes);
  details->set_load_seconds(absl::ToDoubleSeconds(status.load_time));
  *details->mutable_loaded_at() = ToTimestamp(status.loaded_at);
  details->set_has_chat_template(info.has_chat_template);
}

// Progress of a load that may run on another caller's thread, and outlive this call.
class ProgressWriter {
 public:
  explicit ProgressWriter(grpc::ServerWriter<assay::v1::LoadModelResponse>* writer)
      : writer_(writer) {}

  void Write(std::string_view stage, double fraction) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (writer_ == nullptr) return;
    assay::v1::LoadModelResponse event;
    event.mutable_progress()->set_stage(std::string(stage));
    event.mutable_progress()->set_fraction(fraction);
    writer_->Write(event);
  }

  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    writer_ = nullptr;
  }

 private:
  absl::Mutex mutex_;
  grpc::ServerWriter<assay::v1::LoadModelResponse>* writer_ ABSL_GUARDED_BY(mutex_);
};

// Callers on this machine, by gRPC's names for their addresses.
bool IsLocal(const std::string& peer) {
  return absl::StartsWith(peer, "ipv4:127.") || absl::StartsWith(peer, "ipv6:[::1]") ||
         absl::StartsWith(peer, "ipv6:%5B::1%5D") || absl::StartsWith(peer, "unix:");
}

void ToProto(const engine::ModelInspection& from, assay::v1::ModelInspection* to) {
  to->set_path(from.path);
  to->set_name(from.name);
  to->set_format(from.format);
  to->set_architecture(from.architecture);
  to->set_parameter_count(from.parameter_count);
  to->set_layers(from.layers);
  to->set_hidden_size(from.hidden);
  to->set_heads(from.heads);
  to->set_kv_heads(from.kv_heads);
  to->set_head_dim(from.head_dim);
  to->set_vocab_size(from.vocab_size);
  to->set_context_length(from.context_length);
  to->set_served_context(from.served_context);
  to->set_tokenizer(from.tokenizer);
  to->set_chat_template(from.chat_template);
  for (const engine::StoredShare& share : from.types) {
    assay::v1::StoredType* type = to->add_types();
    type->set_type(share.type);
    type->set_tensors(share.tensors);
    type->set_parameters(share.parameters);
    type->set_bytes(share.bytes);
  }
  for (const engine::DeviceNeed& need : from.devices) {
    assay::v1::DeviceNeed* device = to->add_devices();
    device->set_device(need.device);
    device->set_dtype(need.dtype);
    device->set_weight_bytes(need.need.weights);
    device->set_kv_cache_bytes(need.need.kv_cache);
    device->set_working_bytes(need.need.working);
    device->set_device_bytes(need.device_bytes);
    device->set_fits(need.Fits());
  }
}

}  // namespace

grpc::Status ModelServiceImpl::InspectModel(grpc::ServerContext* context,
                                            const assay::v1::InspectModelRequest* request,
                                            assay::v1::ModelInspection* response) {
  absl::StatusOr<std::string> path = request->path();
  std::string weights = "auto";
  if (!request->id().empty()) {
    const absl::StatusOr<registry::ModelStatus> status = manager_->Get(request->id());
    if (!status.ok()) return ToGrpcStatus(status.status());
    path = registry::ResolveSource(status->entry, hub_cache_);
    if (!path.ok()) return ToGrpcStatus(path.status());
    weights = status->entry.weights;
  } else if (path->empty()) {
    return ToGrpcStatus(absl::InvalidArgumentError("target: give a model's id, or a path"));
  } else if (!IsLocal(context->peer())) {
    return ToGrpcStatus(absl::PermissionDeniedError(
        "path: is read for callers on the server's own machine only; give a model's id"));
  }
  const absl::StatusOr<engine::ModelInspection> inspection = engine::InspectModel(*path, weights);
  if (!inspection.ok()) return ToGrpcStatus(inspection.status());
  ToProto(*inspection, response);
  return grpc::Status::OK;
}

void ModelServiceImpl::Fill(const registry::ModelStatus& status, assay::v1::Model* model) const {
  model->set_id(status.entry.id);
  model->set_state(ToProto(status.state));
  model->set_state_reason(status.reason);
  model->set_source(status.entry.SourceName());
  model->set_format(status.entry.format);
  for (const std::string& type : status.entry.content_types) model->add_content_types(type);
  model->set_active_requests(status.handles);
  model->set_is_default(status.entry.id == manager_->catalog().default_model);
  manager_->VisitResident(status.entry.id, [&](registry::ResidentModel& resident) {
    FillDetails(status, static_cast<const EngineModel&>(resident), model->mutable_details());
  });
}

grpc::Status ModelServiceImpl::ListModels(grpc::ServerContext* /*context*/,
                                          const assay::v1::ListModelsRequest* /*request*/,
                                          assay::v1::ListModelsResponse* response) {
  for (const registry::ModelStatus& status : manager_->List()) {
    Fill(status, response->add_models());
  }
  return grpc::Status::OK;
}

grpc::Status ModelServiceImpl::GetModel(grpc::ServerContext* /*context*/,
                                        const assay::v1::GetModelRequest* request,
                                        assay::v1::Model* response) {
  absl::StatusOr<registry::ModelStatus> status = manager_->Get(request->id());
  if (!status.ok()) return ToGrpcStatus(status.status());
  Fill(*status, response);
  return grpc::Status::OK;
}

grpc::Status ModelServiceImpl::LoadModel(grpc::ServerContext* context,
                                         const assay::v1::LoadModelRequest* request,
                                         grpc::ServerWriter<assay::v1::LoadModelResponse>* writer) {
  auto progress = std::make_shared<ProgressWriter>(writer);
  absl::StatusOr<registry::Handle> handle = manager_->Acquire(
      request->id(),
      [progress](std::string_view stage, double fraction) { progress->Write(stage, fraction); },
      [context] { return context->IsCancelled(); });
  progress->Close();
  if (!handle.ok()) return ToGrpcStatus(handle.status());
  *handle = registry::Handle();
  absl::StatusOr<registry::ModelStatus> status = manager_->Get(request->id());
  if (!status.ok()) return ToGrpcStatus(status.status());
  assay::v1::LoadModelResponse last;
  Fill(*status, last.mutable_model());
  writer->Write(last);
  return grpc::Status::OK;
}

grpc::Status ModelServiceImpl::UnloadModel(grpc::ServerContext* context,
                                           const assay::v1::UnloadModelRequest* request,
                                           assay::v1::UnloadModelResponse* response) {
  const absl::Duration left = absl::FromChrono(context->deadline()) - absl::Now();
  absl::StatusOr<int64_t> freed = manager_->Unload(request->id(), std::min(left, drain_timeout_));
  if (!freed.ok()) return ToGrpcStatus(freed.status());
  response->set_freed_bytes(*freed);
  absl::StatusOr<registry::ModelStatus> status = manager_->Get(request->id());
  if (!status.ok()) return ToGrpcStatus(status.status());
  Fill(*status, response->mutable_model());
  return grpc::Status::OK;
}

grpc::Status ModelServiceImpl::GetRoutes(grpc::ServerContext* /*context*/,
                                         const assay::v1::GetRoutesRequest* /*request*/,
                                         assay::v1::GetRoutesResponse* response) {
  const registry::Catalog& catalog = manager_->catalog();
  for (const registry::ModelEntry& entry : catalog.models) {
    for (const std::string& type : entry.content_types) {
      assay::v1::ContentRoute* route = response->add_routes();
      route->set_content_type(type);
      route->set_model(entry.id);
    }
  }
  response->set_default_model(catalog.default_model);
  return grpc::Status::OK;
}

}  // namespace assay::server
