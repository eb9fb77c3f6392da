// The gRPC service assay.v1.ScoringService.
#ifndef ASSAY_SERVER_SERVICES_SCORING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_SCORING_SERVICE_H_

#include <cstdint>

#include "assay/v1/scoring.grpc.pb.h"
#include "evaluator/scoring/scorer.h"

namespace assay::server {

// Scores texts with the scorers of evaluations. Thread-safe.
class ScoringServiceImpl final : public assay::v1::ScoringService::Service {
 public:
  // `scorers` must outlive this object. Texts have at most `max_text_bytes` bytes.
  ScoringServiceImpl(const evaluator::ScorerSet* scorers, int64_t max_text_bytes)
      : scorers_(scorers), max_text_bytes_(max_text_bytes) {}

  grpc::Status Score(grpc::ServerContext* context, const assay::v1::ScoreRequest* request,
                     assay::v1::ScoreResponse* response) override;

 private:
  absl::Status Check(const assay::v1::ScoreRequest& request) const;

  const evaluator::ScorerSet* const scorers_;
  const int64_t max_text_bytes_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_SCORING_SERVICE_H_
