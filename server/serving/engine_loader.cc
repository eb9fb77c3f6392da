// Loads the catalog's models with the engine.
#include "server/serving/engine_loader.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/runtime/encoder_model.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

// The message may quote a model's files, which may hold any bytes, and protos take UTF-8 only.
// NOT_FOUND refers to one of the model's files, never to the model.
absl::Status ModelError(const registry::ModelEntry& entry, const absl::Status& status) {
  const absl::StatusCode code =
      absl::IsNotFound(status) ? absl::StatusCode::kFailedPrecondition : status.code();
  return {code, ReplaceInvalidUtf8(absl::StrCat("model '", entry.id, "': ", status.message()))};
}

}  // namespace

absl::StatusOr<engine::LoadOptions> EngineLoader::OptionsFor(const registry::ModelEntry& entry,
                                                             const std::string& file) const {
  engine::LoadOptions options;
  options.path = file;
  options.device = default_device_;
  options.dtype = entry.dtype;
  options.weights = entry.weights;
  options.kv_cache = entry.kv_cache;
  options.cache_tokens = entry.cache_tokens;
  options.draft_tokens = entry.draft_tokens;
  options.context_length = entry.context_length;
  options.max_running = max_running_;
  options.max_waiting = max_waiting_;
  if (!entry.device.empty() && entry.device != "auto") {
    absl::StatusOr<engine::DeviceInfo> device = engine::ResolveDevice(entry.device);
    if (!device.ok()) return ModelError(entry, device.status());
    options.device = *std::move(device);
  }
  return options;
}

template <typename Model>
absl::StatusOr<std::unique_ptr<registry::ResidentModel>> EngineLoader::LoadAs(
    const registry::ModelEntry& entry, engine::LoadOptions options) const {
  absl::StatusOr<std::unique_ptr<Model>> model = Model::Load(options);
  if (!model.ok()) return ModelError(entry, model.status());
  if (on_warning_) {
    for (const std::string& warning : (*model)->info().warnings) {
      on_warning_(entry.id, ReplaceInvalidUtf8(warning));
    }
  }
  return std::make_unique<ServedModel>(*std::move(model), std::move(options.device));
}

absl::StatusOr<int64_t> EngineLoader::Estimate(const registry::ModelEntry& entry,
                                               const std::string& file) {
  ASSIGN_OR_RETURN(engine::LoadOptions options, OptionsFor(entry, file));
  absl::StatusOr<int64_t> bytes = engine::LanguageModel::EstimateBytes(options);
  if (!bytes.ok()) return ModelError(entry, bytes.status());
  return bytes;
}

absl::StatusOr<std::unique_ptr<registry::ResidentModel>> EngineLoader::Load(
    const registry::ModelEntry& entry, const std::string& file,
    const registry::ProgressFn& progress, const CallContext& context) {
  ASSIGN_OR_RETURN(engine::LoadOptions options, OptionsFor(entry, file));
  if (progress) {
    options.progress = [&progress](std::string_view stage, double fraction) {
      progress({.stage = stage, .fraction = fraction});
    };
  }
  options.context = context;
  if (engine::IsEncoderPath(file)) return LoadAs<engine::EncoderModel>(entry, std::move(options));
  return LoadAs<engine::LanguageModel>(entry, std::move(options));
}

}  // namespace assay::server
