// The gRPC service assay.v1.ScoringService.
#ifndef ASSAY_SERVER_SERVICES_SCORING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_SCORING_SERVICE_H_

#include <cstdint>

#include "assay/v1/scoring.grpc.pb.h"
#include "evaluator/scoring/scorer.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Scores texts with the scorers of evaluations. Thread-safe.
class ScoringServiceImpl final : public assay::v1::ScoringService::CallbackService {
 public:
  // `calls` runs the calls. Both pointers must outlive the service. Texts have at most
  // `max_text_bytes` bytes.
  ScoringServiceImpl(CallRunner* calls, const evaluator::ScorerSet* scorers, int64_t max_text_bytes)
      : calls_(calls), scorers_(scorers), max_text_bytes_(max_text_bytes) {}

  grpc::ServerUnaryReactor* Score(grpc::CallbackServerContext* context,
                                  const assay::v1::ScoreRequest* request,
                                  assay::v1::ScoreResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &ScoringServiceImpl::Score, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::ScoringService::service_full_name();

  absl::Status Score(const ServerCall& call, const assay::v1::ScoreRequest& request,
                     assay::v1::ScoreResponse* response);

  absl::Status Check(const assay::v1::ScoreRequest& request) const;

  CallRunner* const calls_;
  const evaluator::ScorerSet* const scorers_;
  const int64_t max_text_bytes_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_SCORING_SERVICE_H_
