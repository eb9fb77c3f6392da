// assay.v1.ModelService over the registry's Manager.
#include "server/services/model_service.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/utf8.h"
#include "engine/runtime/inspection.h"
#include "registry/catalog/source.h"
#include "server/rpc/grpc_status.h"
#include "server/services/progress_queue.h"
#include "server/services/proto_time.h"
#include "server/services/repo_hint.h"
#include "server/serving/engine_loader.h"

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
  details->set_load_files_seconds(absl::ToDoubleSeconds(info.load_times.files));
  details->set_load_tokenizer_seconds(absl::ToDoubleSeconds(info.load_times.tokenizer));
  details->set_load_weights_seconds(absl::ToDoubleSeconds(info.load_times.weights));
  details->set_load_warm_up_seconds(absl::ToDoubleSeconds(info.load_times.warm_up));
  *details->mutable_loaded_at() = ToTimestamp(status.loaded_at);
  details->set_has_chat_template(info.has_chat_template);
}

assay::v1::LoadModelResponse ToProto(const registry::LoadStep& step) {
  assay::v1::LoadModelResponse event;
  assay::v1::LoadProgress* progress = event.mutable_progress();
  progress->set_stage(std::string(step.stage));
  progress->set_fraction(step.fraction);
  progress->set_bytes_done(step.bytes_done);
  progress->set_bytes_total(step.bytes_total);
  progress->set_bytes_per_second(step.bytes_per_second);
  if (step.time_left != absl::InfiniteDuration()) {
    progress->set_time_left_seconds(absl::ToDoubleSeconds(step.time_left));
  }
  return event;
}

// Runs `work` on a thread of its own, and meanwhile writes what it puts into the queue. The queue
// may outlive the call: a load goes on for others who wait for it.
template <typename Event>
void WriteProgressOf(
    const std::function<void(const std::shared_ptr<ProgressQueue<Event>>& queue)>& work,
    grpc::ServerWriter<Event>* writer) {
  const auto queue = std::make_shared<ProgressQueue<Event>>();
  std::thread worker([&work, &queue] {
    work(queue);
    queue->Close();
  });
  while (const std::optional<Event> event = queue->Take()) writer->Write(*event);
  worker.join();
}

// Callers on this machine, by gRPC's names for their addresses.
bool IsLocal(const std::string& peer) {
  return absl::StartsWith(peer, "ipv4:127.") || absl::StartsWith(peer, "ipv6:[::1]") ||
         absl::StartsWith(peer, "ipv6:%5B::1%5D") || absl::StartsWith(peer, "unix:");
}

void ToProto(const BreakerStatus& from, assay::v1::Breaker* to) {
  switch (from.state) {
    case BreakerState::kClosed:
      to->set_state(assay::v1::BREAKER_STATE_CLOSED);
      break;
    case BreakerState::kOpen:
      to->set_state(assay::v1::BREAKER_STATE_OPEN);
      break;
    case BreakerState::kHalfOpen:
      to->set_state(assay::v1::BREAKER_STATE_HALF_OPEN);
      break;
  }
  to->set_failures(from.failures);
  to->set_last_error(from.last_error);
  if (from.state == BreakerState::kOpen) {
    to->set_retry_in_seconds(absl::ToDoubleSeconds(from.retry_after));
  }
}

void ToProto(const registry::PullProgress& from, assay::v1::PullProgress* to) {
  to->set_stage(std::string(registry::PullStageName(from.stage)));
  to->set_file(from.file);
  to->set_bytes_done(from.bytes_done);
  to->set_bytes_total(from.bytes_total);
  to->set_files_done(from.files_done);
  to->set_files_total(from.files_total);
  to->set_bytes_per_second(from.bytes_per_second);
  if (from.time_left != absl::InfiniteDuration()) {
    to->set_time_left_seconds(absl::ToDoubleSeconds(from.time_left));
  }
}

// What a model may take beside the others.
struct Room {
  // 0: no limit but the device's.
  int64_t budget;
  // What others take now.
  int64_t used;

  int64_t Total(int64_t device) const { return budget == 0 ? device : std::min(budget, device); }
  int64_t Free(int64_t device) const { return std::max<int64_t>(0, Total(device) - used); }
};

// Texts of files may hold any bytes, fields of a proto only UTF-8.
void ToProto(const engine::ModelInspection& from, const Room& room,
             assay::v1::ModelInspection* to) {
  to->set_path(ReplaceInvalidUtf8(from.path));
  to->set_name(ReplaceInvalidUtf8(from.name));
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
  to->set_tokenizer(ReplaceInvalidUtf8(from.tokenizer));
  to->set_chat_template(ReplaceInvalidUtf8(from.chat_template));
  to->set_cannot_load(ReplaceInvalidUtf8(std::string(from.loads.message())));
  to->set_memory_budget_bytes(room.budget);
  if (!from.devices.empty()) {
    to->set_memory_free_bytes(room.Free(from.devices.front().device_bytes));
  }
  for (const engine::StoredShare& share : from.types) {
    assay::v1::StoredType* type = to->add_types();
    type->set_type(share.type);
    type->set_tensors(share.tensors);
    type->set_parameters(share.parameters);
    type->set_bytes(share.bytes);
    type->set_unread(!share.is_read);
  }
  for (const engine::DeviceNeed& need : from.devices) {
    assay::v1::DeviceNeed* device = to->add_devices();
    device->set_device(need.device);
    device->set_dtype(need.dtype);
    device->set_weight_bytes(need.need.weights);
    device->set_kv_cache_bytes(need.need.kv_cache);
    device->set_working_bytes(need.need.working);
    device->set_device_bytes(need.device_bytes);
    device->set_fits(need.need.Total() <= room.Total(need.device_bytes));
    device->set_fits_now(need.need.Total() <= room.Free(need.device_bytes));
  }
}

}  // namespace

grpc::Status ModelServiceImpl::InspectModel(grpc::ServerContext* context,
                                            const assay::v1::InspectModelRequest* request,
                                            assay::v1::ModelInspection* response) {
  absl::StatusOr<std::string> path = request->path();
  registry::ModelEntry entry;
  Room room{.budget = manager_->budget_bytes(), .used = manager_->used_bytes()};
  if (!request->id().empty()) {
    const absl::StatusOr<registry::ModelStatus> status = manager_->Get(request->id());
    if (!status.ok()) return ToGrpcStatus(status.status());
    path = registry::ResolveSource(status->entry, hub_cache_);
    if (!path.ok()) return ToGrpcStatus(path.status());
    entry = status->entry;
    // It would not stand beside itself.
    room.used = std::max<int64_t>(0, room.used - status->resident_bytes);
  } else if (path->empty()) {
    return ToGrpcStatus(absl::InvalidArgumentError("target: give a model's id, or a path"));
  } else if (!IsLocal(context->peer())) {
    return ToGrpcStatus(absl::PermissionDeniedError(
        "path: is read for callers on the server's own machine only; give a model's id"));
  }
  absl::StatusOr<engine::LoadOptions> options = loader_->OptionsFor(entry, *path);
  const absl::Status on_its_device = options.status();
  if (!options.ok()) {
    // What its files are can be told all the same.
    entry.device.clear();
    options = loader_->OptionsFor(entry, *path);
  }
  if (!options.ok()) return ToGrpcStatus(options.status());
  absl::StatusOr<engine::ModelInspection> inspection = engine::InspectModel(*std::move(options));
  if (!inspection.ok()) return ToGrpcStatus(inspection.status());
  inspection->loads.Update(on_its_device);
  ToProto(*inspection, room, response);
  return grpc::Status::OK;
}

void ModelServiceImpl::Fill(const registry::ModelStatus& status, assay::v1::Model* model) const {
  model->set_id(status.entry.id);
  model->set_state(ToProto(status.state));
  model->set_state_reason(status.reason);
  model->set_source(status.entry.SourceName());
  model->set_revision(manager_->RevisionOf(status.entry));
  model->set_format(status.entry.format);
  for (const std::string& type : status.entry.content_types) model->add_content_types(type);
  model->set_active_requests(status.handles);
  model->set_licence(status.entry.license);
  model->set_download_bytes(status.entry.download_bytes);
  model->set_built_in(status.entry.built_in);
  model->mutable_suits()->Assign(status.entry.suits.begin(), status.entry.suits.end());
  model->set_gated(status.entry.gated);
  model->set_on_this_machine(registry::ResolveSource(status.entry, hub_cache_).ok());
  model->set_pinned(status.entry.pin);
  model->set_evictions(status.evictions);
  if (status.last_used != absl::InfinitePast()) {
    *model->mutable_last_used() = ToTimestamp(status.last_used);
  }
  ToProto(breakers_->Get(status.entry.id), model->mutable_breaker());
  model->set_is_default(status.entry.id == manager_->catalog()->default_model);
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
  response->set_used_bytes(manager_->used_bytes());
  response->set_budget_bytes(manager_->budget_bytes());
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
  using Event = assay::v1::LoadModelResponse;
  absl::StatusOr<registry::Handle> handle;
  WriteProgressOf<Event>(
      [&](const std::shared_ptr<ProgressQueue<Event>>& queue) {
        handle = manager_->Acquire(
            request->id(), [queue](const registry::LoadStep& step) { queue->Put(ToProto(step)); },
            CallContext([context] { return context->IsCancelled(); }));
      },
      writer);
  if (!handle.ok()) return ToGrpcStatus(handle.status());
  *handle = registry::Handle();
  breakers_->Reset(request->id());
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

grpc::Status ModelServiceImpl::PullModel(grpc::ServerContext* context,
                                         const assay::v1::PullModelRequest* request,
                                         grpc::ServerWriter<assay::v1::PullModelResponse>* writer) {
  const absl::StatusOr<registry::ModelStatus> status = manager_->Get(request->id());
  if (!status.ok()) {
    const std::string hint = RepoHint(*manager_->catalog(), request->id());
    return ToGrpcStatus({status.status().code(),
                         absl::StrCat(status.status().message(), hint.empty() ? "" : "; ", hint)});
  }
  if (!status->entry.hub.has_value()) {
    return ToGrpcStatus(absl::FailedPreconditionError(
        absl::StrCat("model '", request->id(), "' is ", status->entry.path,
                     " on the server's machine; there is nothing to download")));
  }
  using Event = assay::v1::PullModelResponse;
  absl::StatusOr<registry::PullResult> pulled;
  WriteProgressOf<Event>(
      [&](const std::shared_ptr<ProgressQueue<Event>>& queue) {
        pulled = hub_->Pull(
            *status->entry.hub,
            [&queue](const registry::PullProgress& progress) {
              Event event;
              ToProto(progress, event.mutable_progress());
              queue->Put(std::move(event));
            },
            CallContext([context] { return context->IsCancelled(); }));
      },
      writer);
  if (!pulled.ok()) {
    return ToGrpcStatus({pulled.status().code(),
                         absl::StrCat("model '", request->id(), "': ", pulled.status().message())});
  }
  assay::v1::PullModelResponse last;
  last.mutable_result()->set_commit(pulled->commit);
  last.mutable_result()->set_path(pulled->path);
  last.mutable_result()->set_fetched_bytes(pulled->bytes_fetched);
  last.mutable_result()->set_present_bytes(pulled->bytes_present);
  writer->Write(last);
  return grpc::Status::OK;
}

grpc::Status ModelServiceImpl::ReloadCatalog(grpc::ServerContext* context,
                                             const assay::v1::ReloadCatalogRequest* /*request*/,
                                             assay::v1::ReloadCatalogResponse* response) {
  absl::StatusOr<registry::ReloadReport> report =
      reload_(CallContext([context] { return context->IsCancelled(); }));
  if (!report.ok()) return ToGrpcStatus(report.status());
  response->mutable_added()->Assign(report->added.begin(), report->added.end());
  response->mutable_removed()->Assign(report->removed.begin(), report->removed.end());
  response->mutable_reloaded()->Assign(report->reloaded.begin(), report->reloaded.end());
  response->mutable_failed()->Assign(report->failed.begin(), report->failed.end());
  return grpc::Status::OK;
}

}  // namespace assay::server
