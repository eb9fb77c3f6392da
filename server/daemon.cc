// The daemon: composition, start and drain.
#include "server/daemon.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/device.h"
#include "evaluator/prompt_set.h"
#include "evaluator/run_store.h"
#include "evaluator/runner.h"
#include "evaluator/scorer.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "registry/catalog.h"
#include "registry/manager.h"
#include "registry/source.h"
#include "server/engine_loader.h"
#include "server/generation.h"
#include "server/grpc_status.h"
#include "server/log.h"
#include "server/served_generator.h"
#include "server/services/evaluation_service.h"
#include "server/services/inference_service.h"
#include "server/services/model_service.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/metrics_server.h"
#include "server/telemetry/mlflow_client.h"
#include "server/telemetry/outbox_flusher.h"
#include "server/telemetry/process_memory.h"

namespace assay::server {
namespace {

constexpr int64_t kMessageOverheadBytes = int64_t{1} << 20;
// gRPC threads beyond those that wait in queues: model and evaluation calls, health, reflection.
constexpr int kSpareThreads = 64;

absl::Status InKey(std::string_view key, const absl::Status& status) {
  return {status.code(), absl::StrCat(key, ": ", status.message())};
}

}  // namespace
}  // namespace assay::server
