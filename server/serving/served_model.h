// A resident model, as the registry keeps it for the server.
#ifndef ASSAY_SERVER_SERVING_SERVED_MODEL_H_
#define ASSAY_SERVER_SERVING_SERVED_MODEL_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/runtime/device.h"
#include "engine/runtime/encoder_model.h"
#include "engine/runtime/language_model.h"
#include "registry/residency/loader.h"
#include "registry/residency/manager.h"

namespace assay::server {

// A language model or an encoder, and the device that it runs on. Thread-safe.
class ServedModel final : public registry::ResidentModel {
 public:
  ServedModel(std::unique_ptr<engine::LanguageModel> model, engine::DeviceInfo device)
      : language_model_(std::move(model)), device_(std::move(device)) {}
  ServedModel(std::unique_ptr<engine::EncoderModel> encoder, engine::DeviceInfo device)
      : encoder_(std::move(encoder)), device_(std::move(device)) {}

  int64_t resident_bytes() const override;
  // Null if the model is an encoder.
  engine::LanguageModel* language_model() const { return language_model_.get(); }
  // Null if the model generates text.
  engine::EncoderModel* encoder() const { return encoder_.get(); }
  const engine::LoadedModelInfo& info() const {
    return encoder_ != nullptr ? encoder_->info() : language_model_->info();
  }
  const engine::DeviceInfo& device() const { return device_; }

 private:
  // One of the two is set.
  const std::unique_ptr<engine::LanguageModel> language_model_;
  const std::unique_ptr<engine::EncoderModel> encoder_;
  const engine::DeviceInfo device_;
};

// Returns the model behind a handle or a visit of the registry. Every resident model of this server
// is a ServedModel, because EngineLoader made it; the conversion is checked and throws
// std::bad_cast if that is ever wrong.
const ServedModel& Served(const registry::Handle& handle);
const ServedModel& Served(const registry::ResidentModel& model);

// Return the model behind a handle. FAILED_PRECONDITION: it is of the other kind; the message names
// it and says what to do.
absl::StatusOr<engine::LanguageModel*> LanguageModelOf(const registry::Handle& handle);
absl::StatusOr<engine::EncoderModel*> EncoderOf(const registry::Handle& handle);

// Returns true if the model is resident and an encoder.
bool IsResidentEncoder(const registry::Manager& manager, std::string_view id);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_SERVED_MODEL_H_
