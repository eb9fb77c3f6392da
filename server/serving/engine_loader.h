// The engine as the registry's ModelLoader.
#ifndef ASSAY_SERVER_SERVING_ENGINE_LOADER_H_
#define ASSAY_SERVER_SERVING_ENGINE_LOADER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "engine/runtime/device.h"
#include "engine/runtime/language_model.h"
#include "registry/residency/loader.h"
#include "server/telemetry/metrics.h"

namespace assay::server {

// A language model and where it runs. Thread-safe.
class EngineModel final : public registry::ResidentModel {
 public:
  EngineModel(std::unique_ptr<engine::LanguageModel> model, const engine::DeviceInfo& device)
      : model_(std::move(model)), device_(device) {}

  int64_t resident_bytes() const override;
  // What it takes and does now; does not wait for a step.
  ModelUse Use() const;
  engine::LanguageModel& model() const { return *model_; }
  const engine::DeviceInfo& device() const { return device_; }

 private:
  std::unique_ptr<engine::LanguageModel> model_;
  engine::DeviceInfo device_;
};

// Thread-safe.
class EngineLoader final : public registry::ModelLoader {
 public:
  // default_device: where models run that name no device of their own.
  // max_running, max_waiting: of each model.
  EngineLoader(engine::DeviceInfo default_device, int max_running, int max_waiting)
      : default_device_(std::move(default_device)),
        max_running_(max_running),
        max_waiting_(max_waiting) {}

  absl::StatusOr<int64_t> Estimate(const registry::ModelEntry& entry,
                                   const std::string& file) override;
  absl::StatusOr<std::unique_ptr<registry::ResidentModel>> Load(
      const registry::ModelEntry& entry, const std::string& file,
      const registry::ProgressFn& progress, const CallContext& context) override;

  // How and where the entry's model is loaded from `file`. Errors as ResolveDevice(), if it names a
  // device of its own.
  absl::StatusOr<engine::LoadOptions> OptionsFor(const registry::ModelEntry& entry,
                                                 const std::string& file) const;

 private:
  const engine::DeviceInfo default_device_;
  const int max_running_;
  const int max_waiting_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_ENGINE_LOADER_H_
