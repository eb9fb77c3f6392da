// A resident language model or encoder.
#include "server/serving/served_model.h"

#include "server/routing/model_kinds.h"

namespace assay::server {

int64_t ServedModel::resident_bytes() const {
  return info().weight_bytes + info().kv_cache_bytes + info().working_bytes;
}

const ServedModel& Served(const registry::ResidentModel& model) {
  return dynamic_cast<const ServedModel&>(model);
}

const ServedModel& Served(const registry::Handle& handle) { return Served(handle.model()); }

absl::StatusOr<engine::LanguageModel*> LanguageModelOf(const registry::Handle& handle) {
  engine::LanguageModel* const model = Served(handle).language_model();
  if (model == nullptr) return IsEncoderError(handle.entry().id);
  return model;
}

absl::StatusOr<engine::EncoderModel*> EncoderOf(const registry::Handle& handle) {
  engine::EncoderModel* const encoder = Served(handle).encoder();
  if (encoder == nullptr) return IsNoEncoderError(handle.entry().id);
  return encoder;
}

bool IsResidentEncoder(const registry::Manager& manager, std::string_view id) {
  bool is_encoder = false;
  manager.VisitResident(
      id, [&](registry::ResidentModel& model) { is_encoder = Served(model).encoder() != nullptr; });
  return is_encoder;
}

}  // namespace assay::server
