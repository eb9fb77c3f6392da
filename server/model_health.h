// Reports to health checks which models serve, and whether evaluations do.
#ifndef ASSAY_SERVER_MODEL_HEALTH_H_
#define ASSAY_SERVER_MODEL_HEALTH_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "registry/residency/manager.h"
#include "server/grpc_server.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// A model serves if it is resident and its breaker is closed. The service EvaluationService serves
// if new evaluations can be recorded. Thread-safe.
class ModelHealth {
 public:
  // Both are used from Attach() on, and must be alive until Detach().
  ModelHealth(const registry::Manager* manager, const ModelBreakers* breakers)
      : manager_(manager), breakers_(breakers) {}

  // Reports every model of the catalog to `server` now, and all updates until Detach().
  void Attach(GrpcServer* server) ABSL_LOCKS_EXCLUDED(mutex_);
  void Detach() ABSL_LOCKS_EXCLUDED(mutex_);

  // True: evaluations can be recorded, as they can at first.
  void SetEvaluations(bool serve) ABSL_LOCKS_EXCLUDED(mutex_);

  // Must be called after the state of a model or of its breaker has changed.
  void Update(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void UpdateLocked(const std::string& model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void UpdateEvaluations() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const registry::Manager* const manager_;
  const ModelBreakers* const breakers_;
  // Held while the state is read and reported, so that the last report is the latest state.
  absl::Mutex mutex_;
  GrpcServer* server_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool evaluations_serve_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MODEL_HEALTH_H_
