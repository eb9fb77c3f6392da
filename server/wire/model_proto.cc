// Converts the state of models to the messages of assay.v1.ModelService.
#include "server/wire/model_proto.h"

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/utf8.h"
#include "server/wire/proto_time.h"

namespace assay::server {

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

void ToProto(const registry::ModelStatus& status, const engine::LoadedModelInfo& info,
             assay::v1::ModelDetails* out) {
  out->set_architecture(info.architecture);
  out->set_parameter_count(info.parameter_count);
  out->set_context_length(info.context_length);
  out->set_device(info.device);
  out->set_dtype(info.dtype);
  out->set_quantization(info.quantization);
  out->set_resident_bytes(status.resident_bytes);
  out->set_load_seconds(absl::ToDoubleSeconds(status.load_time));
  out->set_load_files_seconds(absl::ToDoubleSeconds(info.load_times.files));
  out->set_load_tokenizer_seconds(absl::ToDoubleSeconds(info.load_times.tokenizer));
  out->set_load_weights_seconds(absl::ToDoubleSeconds(info.load_times.weights));
  out->set_load_warm_up_seconds(absl::ToDoubleSeconds(info.load_times.warm_up));
  *out->mutable_loaded_at() = ToTimestamp(status.loaded_at);
  out->set_has_chat_template(info.has_chat_template);
}

void ToProto(const BreakerStatus& status, assay::v1::Breaker* out) {
  switch (status.state) {
    case BreakerState::kClosed:
      out->set_state(assay::v1::BREAKER_STATE_CLOSED);
      break;
    case BreakerState::kOpen:
      out->set_state(assay::v1::BREAKER_STATE_OPEN);
      break;
    case BreakerState::kHalfOpen:
      out->set_state(assay::v1::BREAKER_STATE_HALF_OPEN);
      break;
  }
  out->set_failures(status.failures);
  out->set_last_error(status.last_error);
  if (status.state == BreakerState::kOpen) {
    out->set_retry_in_seconds(absl::ToDoubleSeconds(status.retry_after));
  }
}

void ToProto(const registry::LoadStep& step, assay::v1::LoadProgress* out) {
  out->set_stage(std::string(step.stage));
  out->set_fraction(step.fraction);
  out->set_bytes_done(step.bytes_done);
  out->set_bytes_total(step.bytes_total);
  out->set_bytes_per_second(step.bytes_per_second);
  if (step.time_left != absl::InfiniteDuration()) {
    out->set_time_left_seconds(absl::ToDoubleSeconds(step.time_left));
  }
}

void ToProto(const registry::PullProgress& progress, assay::v1::PullProgress* out) {
  out->set_stage(std::string(registry::PullStageName(progress.stage)));
  out->set_file(progress.file);
  out->set_bytes_done(progress.bytes_done);
  out->set_bytes_total(progress.bytes_total);
  out->set_files_done(progress.files_done);
  out->set_files_total(progress.files_total);
  out->set_bytes_per_second(progress.bytes_per_second);
  if (progress.time_left != absl::InfiniteDuration()) {
    out->set_time_left_seconds(absl::ToDoubleSeconds(progress.time_left));
  }
}

void ToProto(const registry::PullResult& result, assay::v1::PullResult* out) {
  out->set_commit(result.commit);
  out->set_path(result.path);
  out->set_fetched_bytes(result.bytes_fetched);
  out->set_present_bytes(result.bytes_present);
}

void ToProto(const registry::ReloadReport& report, assay::v1::ReloadCatalogResponse* out) {
  out->mutable_added()->Assign(report.added.begin(), report.added.end());
  out->mutable_removed()->Assign(report.removed.begin(), report.removed.end());
  out->mutable_reloaded()->Assign(report.reloaded.begin(), report.reloaded.end());
  out->mutable_failed()->Assign(report.failed.begin(), report.failed.end());
}

void ToProto(const engine::ModelInspection& inspection, const MemoryLimits& memory,
             assay::v1::ModelInspection* out) {
  out->set_path(ReplaceInvalidUtf8(inspection.path));
  out->set_suggested_sampling(inspection.sampling.Describe());
  out->set_embedding_dimension(static_cast<int32_t>(inspection.embedding_dimension));
  out->set_embedding(ReplaceInvalidUtf8(inspection.embedding));
  out->set_name(ReplaceInvalidUtf8(inspection.name));
  out->set_format(inspection.format);
  out->set_architecture(inspection.architecture);
  out->set_parameter_count(inspection.parameter_count);
  out->set_layers(inspection.layers);
  out->set_hidden_size(inspection.hidden);
  out->set_heads(inspection.heads);
  out->set_kv_heads(inspection.kv_heads);
  out->set_head_dim(inspection.head_dim);
  out->set_vocab_size(inspection.vocab_size);
  out->set_context_length(inspection.context_length);
  out->set_served_context(inspection.served_context);
  out->set_tokenizer(ReplaceInvalidUtf8(inspection.tokenizer));
  out->set_chat_template(ReplaceInvalidUtf8(inspection.chat_template));
  out->set_cannot_load(ReplaceInvalidUtf8(std::string(inspection.loads.message())));
  out->set_memory_budget_bytes(memory.budget);
  if (!inspection.devices.empty()) {
    out->set_memory_free_bytes(memory.Free(inspection.devices.front().device_bytes));
  }
  for (const std::string& warning : inspection.warnings) {
    out->add_warnings(ReplaceInvalidUtf8(warning));
  }
  for (const engine::StoredShare& share : inspection.types) {
    assay::v1::StoredType* type = out->add_types();
    type->set_type(share.type);
    type->set_tensors(share.tensors);
    type->set_parameters(share.parameters);
    type->set_bytes(share.bytes);
    type->set_unread(!share.is_read);
  }
  for (const engine::DeviceNeed& need : inspection.devices) {
    assay::v1::DeviceNeed* device = out->add_devices();
    device->set_device(need.device);
    device->set_dtype(need.dtype);
    device->set_weight_bytes(need.need.weights);
    device->set_kv_cache_bytes(need.need.kv_cache);
    device->set_working_bytes(need.need.working);
    device->set_device_bytes(need.device_bytes);
    device->set_fits(need.need.Total() <= memory.Total(need.device_bytes));
    device->set_fits_now(need.need.Total() <= memory.Free(need.device_bytes));
  }
}

}  // namespace assay::server
