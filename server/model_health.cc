// Reports to health checks which models serve.
#include "server/model_health.h"

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "base/mutex_lock.h"

namespace assay::server {

void ModelHealth::Attach(GrpcServer* server) {
  const MutexLock lock(mutex_);
  server_ = server;
  for (const std::string& id : manager_->catalog()->Ids()) UpdateLocked(id);
  UpdateEvaluations();
}

void ModelHealth::Detach() {
  const MutexLock lock(mutex_);
  server_ = nullptr;
}

void ModelHealth::SetEvaluations(bool serve) {
  const MutexLock lock(mutex_);
  evaluations_serve_ = serve;
  UpdateEvaluations();
}

void ModelHealth::UpdateEvaluations() {
  if (server_ == nullptr) return;
  server_->SetServing(assay::v1::EvaluationService::service_full_name(), evaluations_serve_);
}

void ModelHealth::Update(const std::string& model) {
  const MutexLock lock(mutex_);
  UpdateLocked(model);
}

void ModelHealth::UpdateLocked(const std::string& model) {
  if (server_ == nullptr) return;
  const absl::StatusOr<registry::ModelStatus> status = manager_->Get(model);
  const bool serves = status.ok() && status->state == registry::ModelState::kReady &&
                      breakers_->Get(model).state == BreakerState::kClosed;
  server_->SetServing(model, serves);
}

}  // namespace assay::server
