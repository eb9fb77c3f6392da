// Loads the catalog's models with the engine: the registry's ModelLoader.
#ifndef ASSAY_SERVER_SERVING_ENGINE_LOADER_H_
#define ASSAY_SERVER_SERVING_ENGINE_LOADER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "engine/runtime/device.h"
#include "engine/runtime/language_model.h"
#include "registry/residency/loader.h"

namespace assay::server {

// Makes ServedModels. Thread-safe; construction is cheap.
class EngineLoader final : public registry::ModelLoader {
 public:
  // Receives the id of a model and a contradiction in its files that did not prevent its load.
  using OnWarning = std::function<void(const std::string& model, const std::string& warning)>;

  // `default_device` is used for entries that name no device. `max_running` and `max_waiting` are
  // limits of each model. `on_warning` may be null; loads call it, at the same time too.
  EngineLoader(engine::DeviceInfo default_device, int max_running, int max_waiting,
               OnWarning on_warning = nullptr)
      : default_device_(std::move(default_device)),
        max_running_(max_running),
        max_waiting_(max_waiting),
        on_warning_(std::move(on_warning)) {}

  // Errors of both name the model. NOT_FOUND of one of its files becomes FAILED_PRECONDITION, since
  // the model itself is known.
  absl::StatusOr<int64_t> Estimate(const registry::ModelEntry& entry,
                                   const std::string& file) override;
  absl::StatusOr<std::unique_ptr<registry::ResidentModel>> Load(
      const registry::ModelEntry& entry, const std::string& file,
      const registry::ProgressFn& progress, const CallContext& context) override;

  // Returns the options with which the entry's model is loaded from `file`. Fails as
  // engine::ResolveDevice() if the entry names a device of its own.
  absl::StatusOr<engine::LoadOptions> OptionsFor(const registry::ModelEntry& entry,
                                                 const std::string& file) const;

 private:
  // Loads the entry's model, a LanguageModel or an EncoderModel.
  template <typename Model>
  absl::StatusOr<std::unique_ptr<registry::ResidentModel>> LoadAs(
      const registry::ModelEntry& entry, engine::LoadOptions options) const;

  const engine::DeviceInfo default_device_;
  const int max_running_;
  const int max_waiting_;
  const OnWarning on_warning_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_ENGINE_LOADER_H_
