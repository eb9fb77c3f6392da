// A resident language model, as the registry keeps it for the server.
#ifndef ASSAY_SERVER_SERVING_SERVED_MODEL_H_
#define ASSAY_SERVER_SERVING_SERVED_MODEL_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "engine/runtime/device.h"
#include "engine/runtime/language_model.h"
#include "registry/residency/loader.h"
#include "registry/residency/manager.h"

namespace assay::server {

// A language model and the device that it runs on. Thread-safe.
class ServedModel final : public registry::ResidentModel {
 public:
  ServedModel(std::unique_ptr<engine::LanguageModel> model, engine::DeviceInfo device)
      : language_model_(std::move(model)), device_(std::move(device)) {}

  int64_t resident_bytes() const override;
  engine::LanguageModel& language_model() const { return *language_model_; }
  const engine::DeviceInfo& device() const { return device_; }

 private:
  const std::unique_ptr<engine::LanguageModel> language_model_;
  const engine::DeviceInfo device_;
};

// Returns the model behind a handle or a visit of the registry. Every resident model of this server
// is a ServedModel, because EngineLoader made it; the conversion is checked and throws
// std::bad_cast if that is ever wrong.
const ServedModel& Served(const registry::Handle& handle);
const ServedModel& Served(const registry::ResidentModel& model);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_SERVED_MODEL_H_
