// An in-process gRPC server with scripted services, and the CLI run against it.
#ifndef ASSAY_TESTS_CLIENT_COMMANDS_FAKE_DAEMON_H_
#define ASSAY_TESTS_CLIENT_COMMANDS_FAKE_DAEMON_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assay/v1/embedding.grpc.pb.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "assay/v1/evaluation_control.grpc.pb.h"
#include "assay/v1/feedback.grpc.pb.h"
#include "assay/v1/inference.grpc.pb.h"
#include "assay/v1/judging.grpc.pb.h"
#include "assay/v1/model.grpc.pb.h"
#include "assay/v1/prompt_log.grpc.pb.h"
#include "assay/v1/rating.grpc.pb.h"
#include "assay/v1/tracking.grpc.pb.h"
#include "client/terminal/interrupt.h"
#include "grpcpp/server.h"

namespace assay::client {

template <typename Event>
using Writer = grpc::ServerWriter<Event>;

// Each RPC runs the function of its name, which must be set before the call.
struct FakeInference final : v1::InferenceService::Service {
  std::function<grpc::Status(const v1::GenerateRequest&, v1::GenerateResponse&)> generate;
  std::function<grpc::Status(grpc::ServerContext&, const v1::GenerateRequest&,
                             Writer<v1::GenerateStreamResponse>&)>
      stream;

  grpc::Status Generate(grpc::ServerContext*, const v1::GenerateRequest* request,
                        v1::GenerateResponse* reply) override {
    return generate(*request, *reply);
  }
  grpc::Status GenerateStream(grpc::ServerContext* context, const v1::GenerateRequest* request,
                              Writer<v1::GenerateStreamResponse>* writer) override {
    return stream(*context, *request, *writer);
  }
};

// Records requests. The vector of a text is its length and 1; the embedding of an empty text is
// truncated.
struct FakeEmbeddings final : v1::EmbeddingService::Service {
  std::vector<v1::EmbedRequest> requests;

  grpc::Status Embed(grpc::ServerContext*, const v1::EmbedRequest* request,
                     v1::EmbedResponse* reply) override;
};

// Records requests and answers from the members.
struct FakeModels final : v1::ModelService::Service {
  std::vector<v1::Model> models;
  v1::ModelInspection inspection;
  v1::InspectModelRequest inspected;
  grpc::Status inspect_status;
  v1::GetRoutesResponse routes;
  v1::SetRoutesRequest set;
  v1::ExplainRouteRequest explained;
  v1::ExplainRouteResponse explanation;

  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* reply) override;
  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest* request,
                        v1::Model* reply) override;
  grpc::Status LoadModel(grpc::ServerContext*, const v1::LoadModelRequest* request,
                         Writer<v1::LoadModelResponse>* writer) override;
  std::function<grpc::Status(Writer<v1::PullModelResponse>&)> pull;
  grpc::Status PullModel(grpc::ServerContext*, const v1::PullModelRequest*,
                         Writer<v1::PullModelResponse>* writer) override {
    return pull(*writer);
  }
  grpc::Status InspectModel(grpc::ServerContext*, const v1::InspectModelRequest* request,
                            v1::ModelInspection* reply) override;
  grpc::Status UnloadModel(grpc::ServerContext*, const v1::UnloadModelRequest* request,
                           v1::UnloadModelResponse* reply) override;
  grpc::Status GetRoutes(grpc::ServerContext*, const v1::GetRoutesRequest*,
                         v1::GetRoutesResponse* reply) override;
  grpc::Status SetRoutes(grpc::ServerContext*, const v1::SetRoutesRequest* request,
                         v1::SetRoutesResponse* reply) override;
  grpc::Status ExplainRoute(grpc::ServerContext*, const v1::ExplainRouteRequest* request,
                            v1::ExplainRouteResponse* reply) override;
};

// Records requests and answers from the members.
struct FakeEvaluations final : v1::EvaluationService::Service {
  std::function<grpc::Status(grpc::ServerContext&, const v1::EvaluateRequest&,
                             Writer<v1::EvaluateResponse>&)>
      evaluate;
  v1::CompareEvaluationsRequest compared;
  v1::CompareEvaluationsResponse comparison;
  v1::GetReportRequest report;
  // The chunks of the report.
  std::vector<std::string> chunks;
  std::vector<v1::CheckGateRequest> gates;
  v1::GateResult gate;
  // The only evaluation that GetEvaluation, ListEvaluations and CancelEvaluation find.
  v1::Evaluation stored;

  grpc::Status Evaluate(grpc::ServerContext* context, const v1::EvaluateRequest* request,
                        Writer<v1::EvaluateResponse>* writer) override {
    return evaluate(*context, *request, *writer);
  }
  grpc::Status GetEvaluation(grpc::ServerContext*, const v1::GetEvaluationRequest* request,
                             v1::Evaluation* reply) override;
  grpc::Status ListEvaluations(grpc::ServerContext*, const v1::ListEvaluationsRequest*,
                               v1::ListEvaluationsResponse* reply) override;
  grpc::Status CancelEvaluation(grpc::ServerContext*, const v1::CancelEvaluationRequest* request,
                                v1::Evaluation* reply) override;
  grpc::Status CompareEvaluations(grpc::ServerContext*,
                                  const v1::CompareEvaluationsRequest* request,
                                  v1::CompareEvaluationsResponse* reply) override;
  grpc::Status GetReport(grpc::ServerContext*, const v1::GetReportRequest* request,
                         Writer<v1::ReportChunk>* writer) override;
  grpc::Status CheckGate(grpc::ServerContext*, const v1::CheckGateRequest* request,
                         v1::GateResult* reply) override;
};

// Records requests and answers from the members.
struct FakeFeedback final : v1::FeedbackService::Service {
  v1::GiveFeedbackRequest given;
  v1::GiveFeedbackResponse given_reply;
  v1::ListFeedbackRequest list;
  v1::ListFeedbackResponse listed;
  v1::SummarizeFeedbackResponse summary;
  v1::CompareArmsRequest compared;
  v1::CompareArmsResponse arms;

  grpc::Status GiveFeedback(grpc::ServerContext*, const v1::GiveFeedbackRequest* request,
                            v1::GiveFeedbackResponse* reply) override;
  grpc::Status ListFeedback(grpc::ServerContext*, const v1::ListFeedbackRequest* request,
                            v1::ListFeedbackResponse* reply) override;
  grpc::Status SummarizeFeedback(grpc::ServerContext*, const v1::SummarizeFeedbackRequest*,
                                 v1::SummarizeFeedbackResponse* reply) override;
  grpc::Status CompareArms(grpc::ServerContext*, const v1::CompareArmsRequest* request,
                           v1::CompareArmsResponse* reply) override;
};

// Answers from the members and keeps what is added.
struct FakeRatings final : v1::RatingService::Service {
  std::vector<v1::RatingItem> items;
  std::vector<v1::Rating> stored;
  v1::SummarizeRatingsResponse summary;

  grpc::Status ListRatingItems(grpc::ServerContext*, const v1::ListRatingItemsRequest*,
                               Writer<v1::RatingItem>* writer) override;
  grpc::Status AddRatings(grpc::ServerContext*, const v1::AddRatingsRequest* request,
                          v1::AddRatingsResponse* reply) override;
  grpc::Status ListRatings(grpc::ServerContext*, const v1::ListRatingsRequest* request,
                           Writer<v1::Rating>* writer) override;
  grpc::Status SummarizeRatings(grpc::ServerContext*, const v1::SummarizeRatingsRequest*,
                                v1::SummarizeRatingsResponse* reply) override;
};

// Records the request and streams the members.
struct FakeJudging final : v1::JudgingService::Service {
  v1::JudgeEvaluationRequest request;
  v1::JudgingProgress progress;
  v1::JudgingSummary summary;

  grpc::Status JudgeEvaluation(grpc::ServerContext*, const v1::JudgeEvaluationRequest* asked,
                               Writer<v1::JudgeEvaluationResponse>* writer) override {
    request = *asked;
    v1::JudgeEvaluationResponse event;
    *event.mutable_progress() = progress;
    writer->Write(event);
    *event.mutable_summary() = summary;
    writer->Write(event);
    return grpc::Status::OK;
  }
};

// Records the flush and answers from the members.
struct FakeTracking final : v1::TrackingService::Service {
  v1::GetTrackingStatusResponse state;
  v1::FlushTrackingRequest request;
  v1::FlushTrackingResponse flushed;

  grpc::Status GetTrackingStatus(grpc::ServerContext*, const v1::GetTrackingStatusRequest*,
                                 v1::GetTrackingStatusResponse* reply) override {
    *reply = state;
    return grpc::Status::OK;
  }
  grpc::Status FlushTracking(grpc::ServerContext*, const v1::FlushTrackingRequest* sent,
                             v1::FlushTrackingResponse* reply) override {
    request = *sent;
    *reply = flushed;
    return grpc::Status::OK;
  }
};

// Records requests; `prompts` are listed one per page.
struct FakePromptLog final : v1::PromptLogService::Service {
  std::vector<v1::RecordedPrompt> prompts;
  v1::ListPromptsRequest listed;
  v1::DeletePromptsRequest deleted;

  grpc::Status ListPrompts(grpc::ServerContext*, const v1::ListPromptsRequest* request,
                           v1::ListPromptsResponse* reply) override {
    listed = *request;
    const size_t at = request->page_token().empty() ? 0 : std::stoul(request->page_token());
    if (at < prompts.size()) *reply->add_prompts() = prompts[at];
    if (at + 1 < prompts.size()) reply->set_next_page_token(std::to_string(at + 1));
    reply->set_total(static_cast<int64_t>(prompts.size()));
    return grpc::Status::OK;
  }
  grpc::Status DeletePrompts(grpc::ServerContext*, const v1::DeletePromptsRequest* request,
                             v1::DeletePromptsResponse* reply) override {
    deleted = *request;
    reply->set_deleted(2);
    return grpc::Status::OK;
  }
};

// Records requests and answers with `reply`, or `refusal` if that is an error.
struct FakeEvaluationControl final : v1::EvaluationControlService::Service {
  std::vector<v1::DeleteEvaluationsRequest> requests;
  v1::DeleteEvaluationsResponse reply;
  grpc::Status refusal;

  grpc::Status DeleteEvaluations(grpc::ServerContext*, const v1::DeleteEvaluationsRequest* request,
                                 v1::DeleteEvaluationsResponse* out) override {
    requests.push_back(*request);
    *out = reply;
    return refusal;
  }
};

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

struct CliSetting {
  std::string in;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = true;
  int width = 80;
};

// Runs the CLI in this thread. Starts no server.
CliResult RunWords(const std::vector<std::string>& words, Interrupt& interrupt,
                   const CliSetting& setting = {});

// A server on a free port of this machine, with the services above. Address and services are
// public, so that tests can script them.
class FakeDaemon {
 public:
  FakeDaemon();
  ~FakeDaemon();

  // Runs the CLI against this server.
  CliResult Run(std::vector<std::string> words, const CliSetting& setting = {});
  // Sets the status in gRPC's health service, which assayd uses too. An empty `model` is the server
  // as a whole, which serves at first.
  void SetServing(const std::string& model, bool serving);

  FakeInference inference;
  FakeEmbeddings embeddings;
  FakeModels models;
  FakeEvaluations evaluations;
  FakeFeedback feedback;
  FakeRatings ratings;
  FakeJudging judging;
  FakePromptLog prompt_log;
  FakeEvaluationControl control;
  FakeTracking tracking;
  Interrupt interrupt;
  std::string address;

 private:
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace assay::client

#endif  // ASSAY_TESTS_CLIENT_COMMANDS_FAKE_DAEMON_H_
