// A resident language model.
#include "server/serving/served_model.h"

#include <cstdint>

namespace assay::server {

int64_t ServedModel::resident_bytes() const {
  const engine::LoadedModelInfo& info = language_model_->info();
  return info.weight_bytes + info.kv_cache_bytes + info.working_bytes;
}

const ServedModel& Served(const registry::ResidentModel& model) {
  return dynamic_cast<const ServedModel&>(model);
}

const ServedModel& Served(const registry::Handle& handle) { return Served(handle.model()); }

}  // namespace assay::server
