// Which models of the catalog are encoders.
#include "server/routing/model_kinds.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "registry/catalog/source.h"

namespace assay::server {

ModelKinds::ModelKinds(const registry::Manager* manager, std::string hub_cache,
                       IsEncoderFn is_encoder)
    : manager_(manager), hub_cache_(std::move(hub_cache)), is_encoder_(std::move(is_encoder)) {}

const ModelKinds::Known& ModelKinds::Look() {
  std::shared_ptr<const registry::Catalog> catalog = manager_->catalog();
  if (known_.all == catalog) return known_;
  known_ = {};
  auto generators = std::make_shared<registry::Catalog>(*catalog);
  generators->models.clear();
  for (const registry::ModelEntry& entry : catalog->models) {
    const absl::StatusOr<std::string> path = registry::ResolveSource(entry, hub_cache_);
    if (path.ok() && is_encoder_(*path)) {
      known_.encoders.insert(entry.id);
      continue;
    }
    if (path.ok()) known_.generating.insert(entry.id);
    generators->models.push_back(entry);
  }
  if (known_.encoders.contains(generators->default_model)) generators->default_model.clear();
  known_.generators = std::move(generators);
  known_.all = std::move(catalog);
  return known_;
}

bool ModelKinds::IsEncoder(std::string_view id) {
  const MutexLock lock(mutex_);
  return Look().encoders.contains(id);
}

bool ModelKinds::Generates(std::string_view id) {
  const MutexLock lock(mutex_);
  return Look().generating.contains(id);
}

std::shared_ptr<const registry::Catalog> ModelKinds::Generators() {
  const MutexLock lock(mutex_);
  return Look().generators;
}

void ModelKinds::Forget() {
  const MutexLock lock(mutex_);
  known_ = {};
}

absl::Status IsEncoderError(std::string_view model) {
  return absl::FailedPreconditionError(absl::StrCat(
      "model '", std::string(model),
      "' is an encoder: it computes sentence embeddings and generates no text; use Embed (`assay "
      "embed --model ",
      std::string(model), "`), or name a model that generates text"));
}

absl::Status IsNoEncoderError(std::string_view model) {
  return absl::FailedPreconditionError(absl::StrCat(
      "model '", std::string(model),
      "' generates text and is no encoder; Embed needs an encoder of the catalog, such "
      "as all-MiniLM-L6-v2"));
}

}  // namespace assay::server
