// The gRPC service assay.v1.ModelService: models. model_service_routes.cc has its calls for routes.
#include "server/services/model_service.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "engine/runtime/inspection.h"
#include "registry/catalog/source.h"
#include "server/services/progress_queue.h"
#include "server/services/repo_hint.h"
#include "server/serving/served_model.h"
#include "server/wire/model_proto.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

// Runs `work` on its own thread and writes the events that it puts into the queue. The queue may
// outlive the call, because a load continues for other callers who wait for it.
template <typename Event>
void StreamProgress(
    const std::function<void(const std::shared_ptr<ProgressQueue<Event>>& queue)>& work,
    MessageWriter<Event>* writer) {
  const auto queue = std::make_shared<ProgressQueue<Event>>();
  std::thread worker([&work, &queue] {
    work(queue);
    queue->Close();
  });
  // Also if Write() throws, because a thread that was not joined ends the process.
  const absl::Cleanup join = [&worker] { worker.join(); };
  while (const std::optional<Event> event = queue->Take()) writer->Write(*event);
}

}  // namespace

absl::Status ModelServiceImpl::InspectModel(const ServerCall& call,
                                            const assay::v1::InspectModelRequest& request,
                                            assay::v1::ModelInspection* response) {
  absl::StatusOr<std::string> path = request.path();
  registry::ModelEntry entry;
  MemoryLimits memory{.budget = deps_.manager->budget_bytes(), .used = deps_.manager->used_bytes()};
  if (!request.id().empty()) {
    const absl::StatusOr<registry::ModelStatus> status = deps_.manager->Get(request.id());
    RETURN_IF_ERROR(status.status());
    path = registry::ResolveSource(status->entry, deps_.hub_cache);
    RETURN_IF_ERROR(path.status());
    entry = status->entry;
    // The model's own memory is free once it is replaced.
    memory.used = std::max<int64_t>(0, memory.used - status->resident_bytes);
  } else if (path->empty()) {
    return absl::InvalidArgumentError("target: give a model's id, or a path");
  } else if (!call.caller().may_name_files) {
    return absl::PermissionDeniedError(
        "path: is read only for administrators, and without keys only for callers on the server's "
        "machine; give a model's id");
  }
  absl::StatusOr<engine::LoadOptions> options = deps_.loader->OptionsFor(entry, *path);
  const absl::Status device_status = options.status();
  if (!options.ok()) {
    // The device is missing, but the files can still be described.
    entry.device.clear();
    options = deps_.loader->OptionsFor(entry, *path);
  }
  RETURN_IF_ERROR(options.status());
  options->context = call.ContextOfCaller();
  const auto reserve = [&](int64_t bytes) -> absl::StatusOr<std::shared_ptr<void>> {
    ASSIGN_OR_RETURN(registry::Reservation reserved,
                     deps_.manager->ReserveMemory(bytes, "an inspection", call.ContextOfCaller()));
    return std::make_shared<registry::Reservation>(std::move(reserved));
  };
  absl::StatusOr<engine::ModelInspection> inspection =
      engine::InspectModel(*std::move(options), reserve);
  RETURN_IF_ERROR(inspection.status());
  inspection->loads.Update(device_status);
  ToProto(*inspection, memory, response);
  return absl::OkStatus();
}

void ModelServiceImpl::Fill(const registry::ModelStatus& status, assay::v1::Model* model) const {
  model->set_id(status.entry.id);
  model->set_state(ToProto(status.state));
  model->set_state_reason(status.reason);
  model->set_source(status.entry.SourceName());
  model->set_revision(deps_.manager->RevisionOf(status.entry));
  model->set_format(status.entry.format);
  for (const std::string& type : status.entry.content_types) model->add_content_types(type);
  model->set_active_requests(status.handles);
  model->set_licence(status.entry.license);
  model->set_download_bytes(status.entry.download_bytes);
  model->set_built_in(status.entry.built_in);
  model->mutable_suits()->Assign(status.entry.suits.begin(), status.entry.suits.end());
  model->set_gated(status.entry.gated);
  model->set_on_this_machine(registry::ResolveSource(status.entry, deps_.hub_cache).ok());
  model->set_pinned(status.entry.pin);
  model->set_evictions(status.evictions);
  if (status.last_used != absl::InfinitePast()) {
    *model->mutable_last_used() = ToTimestamp(status.last_used);
  }
  ToProto(deps_.breakers->Get(status.entry.id), model->mutable_breaker());
  model->set_is_default(status.entry.id == deps_.manager->catalog()->default_model);
  deps_.manager->VisitResident(status.entry.id, [&](registry::ResidentModel& resident) {
    const ServedModel& served = Served(resident);
    ToProto(status, served.info(), model->mutable_details());
    if (served.encoder() == nullptr) return;
    model->mutable_details()->set_embedding_dimension(served.encoder()->dimension());
    model->mutable_details()->set_embedding(served.encoder()->sentence().Describe());
  });
}

absl::Status ModelServiceImpl::ListModels(const ServerCall& /*call*/,
                                          const assay::v1::ListModelsRequest& /*request*/,
                                          assay::v1::ListModelsResponse* response) {
  for (const registry::ModelStatus& status : deps_.manager->List()) {
    Fill(status, response->add_models());
  }
  response->set_used_bytes(deps_.manager->used_bytes());
  response->set_budget_bytes(deps_.manager->budget_bytes());
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::GetModel(const ServerCall& /*call*/,
                                        const assay::v1::GetModelRequest& request,
                                        assay::v1::Model* response) {
  absl::StatusOr<registry::ModelStatus> status = deps_.manager->Get(request.id());
  RETURN_IF_ERROR(status.status());
  Fill(*status, response);
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::LoadModel(const ServerCall& call,
                                         const assay::v1::LoadModelRequest& request,
                                         MessageWriter<assay::v1::LoadModelResponse>* writer) {
  using Event = assay::v1::LoadModelResponse;
  absl::StatusOr<registry::Handle> handle;
  StreamProgress<Event>(
      [&](const std::shared_ptr<ProgressQueue<Event>>& queue) {
        handle = deps_.manager->Acquire(
            request.id(),
            [queue](const registry::LoadStep& step) {
              Event event;
              ToProto(step, event.mutable_progress());
              queue->Put(std::move(event));
            },
            call.context());
      },
      writer);
  RETURN_IF_ERROR(handle.status());
  *handle = registry::Handle();
  deps_.breakers->Reset(request.id());
  absl::StatusOr<registry::ModelStatus> status = deps_.manager->Get(request.id());
  RETURN_IF_ERROR(status.status());
  assay::v1::LoadModelResponse last;
  Fill(*status, last.mutable_model());
  writer->Write(last);
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::UnloadModel(const ServerCall& call,
                                           const assay::v1::UnloadModelRequest& request,
                                           assay::v1::UnloadModelResponse* response) {
  const absl::Duration left = call.context().deadline().Left();
  absl::StatusOr<int64_t> freed =
      deps_.manager->Unload(request.id(), std::min(left, deps_.drain_timeout));
  RETURN_IF_ERROR(freed.status());
  response->set_freed_bytes(*freed);
  absl::StatusOr<registry::ModelStatus> status = deps_.manager->Get(request.id());
  RETURN_IF_ERROR(status.status());
  Fill(*status, response->mutable_model());
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::PullModel(const ServerCall& call,
                                         const assay::v1::PullModelRequest& request,
                                         MessageWriter<assay::v1::PullModelResponse>* writer) {
  const absl::StatusOr<registry::ModelStatus> status = deps_.manager->Get(request.id());
  if (!status.ok()) {
    const std::string hint = RepoHint(*deps_.manager->catalog(), request.id());
    return {status.status().code(),
            absl::StrCat(status.status().message(), hint.empty() ? "" : "; ", hint)};
  }
  if (!status->entry.hub.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("model '", request.id(), "' is ", status->entry.path,
                     " on the server's machine; there is nothing to download"));
  }
  using Event = assay::v1::PullModelResponse;
  absl::StatusOr<registry::PullResult> pulled;
  StreamProgress<Event>(
      [&](const std::shared_ptr<ProgressQueue<Event>>& queue) {
        pulled = deps_.hub->Pull(
            *status->entry.hub,
            [&queue](const registry::PullProgress& progress) {
              Event event;
              ToProto(progress, event.mutable_progress());
              queue->Put(std::move(event));
            },
            call.context());
      },
      writer);
  if (!pulled.ok()) {
    return Annotate(pulled.status(), absl::StrCat("model '", request.id(), "'"));
  }
  assay::v1::PullModelResponse last;
  ToProto(*pulled, last.mutable_result());
  writer->Write(last);
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::ReloadCatalog(const ServerCall& call,
                                             const assay::v1::ReloadCatalogRequest& /*request*/,
                                             assay::v1::ReloadCatalogResponse* response) {
  const absl::StatusOr<registry::ReloadReport> report =
      deps_.control->ReloadCatalog(call.context());
  RETURN_IF_ERROR(report.status());
  ToProto(*report, response);
  return absl::OkStatus();
}

}  // namespace assay::server
