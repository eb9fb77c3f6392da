// The answers of the scripted services.
#include "tests/client/commands/fake_daemon.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "client/run_cli.h"
#include "client/terminal/console.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace assay::client {
namespace {

grpc::Status NotFound(const std::string& id) {
  return {grpc::StatusCode::NOT_FOUND, "no \"" + id + "\""};
}

}  // namespace

grpc::Status FakeEmbeddings::Embed(grpc::ServerContext*, const v1::EmbedRequest* request,
                                   v1::EmbedResponse* reply) {
  requests.push_back(*request);
  if (request->model() == "nope") return NotFound(request->model());
  for (const std::string& text : request->input()) {
    v1::TextEmbedding* embedding = reply->add_embeddings();
    embedding->add_vector(static_cast<float>(text.size()));
    embedding->add_vector(1);
    embedding->set_tokens(static_cast<int>(text.size()) + 2);
    embedding->set_truncated(text.empty());
  }
  reply->set_dimension(2);
  return grpc::Status::OK;
}

grpc::Status FakeModels::ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                                    v1::ListModelsResponse* reply) {
  for (const v1::Model& model : models) *reply->add_models() = model;
  return grpc::Status::OK;
}

grpc::Status FakeModels::GetModel(grpc::ServerContext*, const v1::GetModelRequest* request,
                                  v1::Model* reply) {
  for (const v1::Model& model : models) {
    if (model.id() != request->id()) continue;
    *reply = model;
    return grpc::Status::OK;
  }
  return NotFound(request->id());
}

grpc::Status FakeModels::LoadModel(grpc::ServerContext* context,
                                   const v1::LoadModelRequest* request,
                                   Writer<v1::LoadModelResponse>* writer) {
  v1::LoadModelResponse event;
  v1::GetModelRequest get;
  get.set_id(request->id());
  v1::Model model;
  if (grpc::Status status = GetModel(context, &get, &model); !status.ok()) return status;
  event.mutable_progress()->set_stage("weights");
  event.mutable_progress()->set_fraction(0.5);
  writer->Write(event);
  *event.mutable_model() = model;
  writer->Write(event);
  return grpc::Status::OK;
}

grpc::Status FakeModels::InspectModel(grpc::ServerContext*, const v1::InspectModelRequest* request,
                                      v1::ModelInspection* reply) {
  inspected = *request;
  if (request->id() == "nope") return NotFound(request->id());
  *reply = inspection;
  return inspect_status;
}

grpc::Status FakeModels::UnloadModel(grpc::ServerContext* context,
                                     const v1::UnloadModelRequest* request,
                                     v1::UnloadModelResponse* reply) {
  v1::GetModelRequest get;
  get.set_id(request->id());
  reply->set_freed_bytes(3 << 20);
  return GetModel(context, &get, reply->mutable_model());
}

grpc::Status FakeModels::GetRoutes(grpc::ServerContext*, const v1::GetRoutesRequest*,
                                   v1::GetRoutesResponse* reply) {
  *reply = routes;
  return grpc::Status::OK;
}

grpc::Status FakeModels::SetRoutes(grpc::ServerContext*, const v1::SetRoutesRequest* request,
                                   v1::SetRoutesResponse* reply) {
  set = *request;
  for (const v1::ContentRoute& route : request->routes()) {
    if (route.model() == "nope") return {grpc::StatusCode::INVALID_ARGUMENT, "routes[0]: model"};
  }
  *reply->mutable_routes() = routes.routes();
  return grpc::Status::OK;
}

grpc::Status FakeModels::ExplainRoute(grpc::ServerContext*, const v1::ExplainRouteRequest* request,
                                      v1::ExplainRouteResponse* reply) {
  explained = *request;
  *reply = explanation;
  return grpc::Status::OK;
}

grpc::Status FakeEvaluations::GetEvaluation(grpc::ServerContext*,
                                            const v1::GetEvaluationRequest* request,
                                            v1::Evaluation* reply) {
  if (request->id() != stored.id()) return NotFound(request->id());
  *reply = stored;
  if (!request->include_samples()) reply->clear_samples();
  return grpc::Status::OK;
}

grpc::Status FakeEvaluations::ListEvaluations(grpc::ServerContext*,
                                              const v1::ListEvaluationsRequest*,
                                              v1::ListEvaluationsResponse* reply) {
  *reply->add_evaluations() = stored;
  return grpc::Status::OK;
}

grpc::Status FakeEvaluations::CompareEvaluations(grpc::ServerContext* /*context*/,
                                                 const v1::CompareEvaluationsRequest* request,
                                                 v1::CompareEvaluationsResponse* reply) {
  compared = *request;
  *reply = comparison;
  return grpc::Status::OK;
}

grpc::Status FakeEvaluations::GetReport(grpc::ServerContext* /*context*/,
                                        const v1::GetReportRequest* request,
                                        Writer<v1::ReportChunk>* writer) {
  report = *request;
  for (const std::string& data : chunks) {
    v1::ReportChunk chunk;
    chunk.set_data(data);
    writer->Write(chunk);
  }
  return grpc::Status::OK;
}

grpc::Status FakeEvaluations::CheckGate(grpc::ServerContext* /*context*/,
                                        const v1::CheckGateRequest* request,
                                        v1::GateResult* reply) {
  gates.push_back(*request);
  if (request->gate() == "bad") return {grpc::StatusCode::INVALID_ARGUMENT, "gate: 1: bad"};
  *reply = gate;
  return grpc::Status::OK;
}

grpc::Status FakeEvaluations::CancelEvaluation(grpc::ServerContext*,
                                               const v1::CancelEvaluationRequest* request,
                                               v1::Evaluation* reply) {
  if (request->id() != stored.id()) return NotFound(request->id());
  stored.set_state(v1::EVALUATION_STATE_CANCELLED);
  *reply = stored;
  return grpc::Status::OK;
}

grpc::Status FakeFeedback::GiveFeedback(grpc::ServerContext*,
                                        const v1::GiveFeedbackRequest* request,
                                        v1::GiveFeedbackResponse* reply) {
  given = *request;
  *reply = given_reply;
  return grpc::Status::OK;
}

grpc::Status FakeFeedback::ListFeedback(grpc::ServerContext*,
                                        const v1::ListFeedbackRequest* request,
                                        v1::ListFeedbackResponse* reply) {
  list = *request;
  *reply = listed;
  return grpc::Status::OK;
}

grpc::Status FakeFeedback::SummarizeFeedback(grpc::ServerContext*,
                                             const v1::SummarizeFeedbackRequest*,
                                             v1::SummarizeFeedbackResponse* reply) {
  *reply = summary;
  return grpc::Status::OK;
}

grpc::Status FakeFeedback::CompareArms(grpc::ServerContext*, const v1::CompareArmsRequest* request,
                                       v1::CompareArmsResponse* reply) {
  compared = *request;
  *reply = arms;
  return grpc::Status::OK;
}

grpc::Status FakeRatings::ListRatingItems(grpc::ServerContext*, const v1::ListRatingItemsRequest*,
                                          Writer<v1::RatingItem>* writer) {
  for (const v1::RatingItem& item : items) writer->Write(item);
  return grpc::Status::OK;
}

grpc::Status FakeRatings::AddRatings(grpc::ServerContext*, const v1::AddRatingsRequest* request,
                                     v1::AddRatingsResponse* reply) {
  stored.insert(stored.end(), request->ratings().begin(), request->ratings().end());
  reply->set_added(request->ratings_size());
  return grpc::Status::OK;
}

grpc::Status FakeRatings::ListRatings(grpc::ServerContext*, const v1::ListRatingsRequest* request,
                                      Writer<v1::Rating>* writer) {
  for (const v1::Rating& rating : stored) {
    if (request->rater().empty() || request->rater() == rating.rater()) writer->Write(rating);
  }
  return grpc::Status::OK;
}

grpc::Status FakeRatings::SummarizeRatings(grpc::ServerContext*, const v1::SummarizeRatingsRequest*,
                                           v1::SummarizeRatingsResponse* reply) {
  *reply = summary;
  return grpc::Status::OK;
}

CliResult RunWords(const std::vector<std::string>& words, Interrupt& interrupt,
                   const CliSetting& setting) {
  std::istringstream in(setting.in);
  std::ostringstream out;
  std::ostringstream err;
  Streams streams{.in = in,
                  .out = out,
                  .err = err,
                  .in_is_terminal = setting.in_is_terminal,
                  .out_is_terminal = setting.out_is_terminal,
                  .err_is_terminal = setting.err_is_terminal,
                  .color = setting.color,
                  .width = setting.width};
  const int code = RunCli(words, streams, interrupt);
  return {.code = code, .out = out.str(), .err = err.str()};
}

FakeDaemon::FakeDaemon() {
  int port = 0;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&inference);
  builder.RegisterService(&embeddings);
  builder.RegisterService(&models);
  builder.RegisterService(&evaluations);
  builder.RegisterService(&feedback);
  builder.RegisterService(&ratings);
  builder.RegisterService(&judging);
  builder.RegisterService(&prompt_log);
  builder.RegisterService(&control);
  builder.RegisterService(&tracking);
  server_ = builder.BuildAndStart();
  address = "127.0.0.1:" + std::to_string(port);
}

FakeDaemon::~FakeDaemon() { server_->Shutdown(); }

void FakeDaemon::SetServing(const std::string& model, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(model, serving);
}

CliResult FakeDaemon::Run(std::vector<std::string> words, const CliSetting& setting) {
  words.insert(words.begin(), {"--address", address});
  return RunWords(words, interrupt, setting);
}

}  // namespace assay::client
