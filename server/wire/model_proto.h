// Converts the state of models to the messages of assay.v1.ModelService.
#ifndef ASSAY_SERVER_WIRE_MODEL_PROTO_H_
#define ASSAY_SERVER_WIRE_MODEL_PROTO_H_

#include <algorithm>
#include <cstdint>

#include "assay/v1/model.pb.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/language_model.h"
#include "registry/hub/downloader.h"
#include "registry/hub/progress.h"
#include "registry/residency/loader.h"
#include "registry/residency/manager.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// The memory that is available to one more model.
struct MemoryLimits {
  // 0: only the device's memory is a limit.
  int64_t budget;
  // The bytes that other models use now.
  int64_t used;

  int64_t Total(int64_t device) const { return budget == 0 ? device : std::min(budget, device); }
  int64_t Free(int64_t device) const { return std::max<int64_t>(0, Total(device) - used); }
};

assay::v1::ModelState ToProto(registry::ModelState state);
void ToProto(const registry::ModelStatus& status, const engine::LoadedModelInfo& info,
             assay::v1::ModelDetails* out);
void ToProto(const BreakerStatus& status, assay::v1::Breaker* out);
void ToProto(const registry::LoadStep& step, assay::v1::LoadProgress* out);
void ToProto(const registry::PullProgress& progress, assay::v1::PullProgress* out);
void ToProto(const registry::PullResult& result, assay::v1::PullResult* out);
void ToProto(const registry::ReloadReport& report, assay::v1::ReloadCatalogResponse* out);
// Replaces invalid UTF-8, because texts of model files may hold any bytes.
void ToProto(const engine::ModelInspection& inspection, const MemoryLimits& memory,
             assay::v1::ModelInspection* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_MODEL_PROTO_H_
