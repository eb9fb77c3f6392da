// The gRPC service assay.v1.JudgingService.
#include "server/services/judging_service.h"

#include <algorithm>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "evaluator/judging/endpoint_judge.h"
#include "evaluator/judging/local_judge.h"
#include "evaluator/judging/pair_judging.h"
#include "evaluator/tracking/tracked_judgments.h"
#include "server/wire/judging_proto.h"

namespace assay::server {
namespace {

using assay::v1::JudgeEvaluationRequest;
using assay::v1::JudgeEvaluationResponse;
using Judges = std::vector<std::unique_ptr<evaluator::Judge>>;

constexpr int kMaxJudges = 16;
constexpr int kMaxCandidates = 1000;

std::string NamesOf(const std::vector<evaluator::JudgeOptions>& judges) {
  if (judges.empty()) return "none";
  return absl::StrJoin(judges, ", ", [](std::string* out, const evaluator::JudgeOptions& judge) {
    out->append(judge.name);
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<evaluator::Judge>> JudgingServiceImpl::MakeJudge(
    const std::string& name, const Caller& caller) const {
  const std::vector<evaluator::JudgeOptions>& known = dependencies_.judges;
  const auto found = std::find_if(
      known.begin(), known.end(),
      [&name](const evaluator::JudgeOptions& options) { return options.name == name; });
  if (found != known.end() && !found->endpoint.empty()) {
    return evaluator::MakeEndpointJudge(*found);
  }
  const std::string& model = found == known.end() ? name : found->model;
  if (!dependencies_.manager->Get(model).ok()) {
    return absl::InvalidArgumentError(absl::StrCat("judges: '", name,
                                                   "' is neither a judge of evaluation.judges (",
                                                   NamesOf(known), ") nor a model of the catalog"));
  }
  // The operator has chosen the models of configured judges.
  if (found == known.end()) RETURN_IF_ERROR(caller.CheckModel(model));
  return std::make_unique<evaluator::LocalJudge>(dependencies_.generator, name, model);
}

absl::StatusOr<Judges> JudgingServiceImpl::MakeJudges(const JudgeEvaluationRequest& request,
                                                      const Caller& caller) const {
  std::vector<std::string> names(request.judges().begin(), request.judges().end());
  if (names.empty()) {
    for (const evaluator::JudgeOptions& options : dependencies_.judges) {
      names.push_back(options.name);
    }
  }
  if (names.empty()) {
    return absl::InvalidArgumentError(
        "judges: is empty and assayd.yaml has no evaluation.judges; name a model of the catalog, "
        "or configure a judge");
  }
  if (names.size() > kMaxJudges) {
    return absl::InvalidArgumentError(
        absl::StrCat("judges: has ", names.size(), " names; the maximum is ", kMaxJudges));
  }
  Judges judges;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) continue;
    ASSIGN_OR_RETURN(std::unique_ptr<evaluator::Judge> judge, MakeJudge(name, caller));
    judges.push_back(std::move(judge));
  }
  return judges;
}

absl::Status JudgingServiceImpl::Track(const evaluator::Evaluation& evaluation,
                                       const evaluator::EvaluationPlan& plan,
                                       const evaluator::JudgmentSummary& summary) const {
  const absl::Time now = absl::Now();
  ASSIGN_OR_RETURN(const int queued,
                   dependencies_.store->QueueAmendments(
                       evaluator::BuildTrackedJudgments(evaluation, plan, summary, now), now));
  if (queued > 0 && dependencies_.wake_mlflow != nullptr) dependencies_.wake_mlflow();
  return absl::OkStatus();
}

absl::Status JudgingServiceImpl::JudgeEvaluation(const ServerCall& call,
                                                 const JudgeEvaluationRequest& request,
                                                 MessageWriter<JudgeEvaluationResponse>* writer) {
  const std::string& id = request.evaluation_id();
  ASSIGN_OR_RETURN(const evaluator::Evaluation evaluation, dependencies_.store->Get(id));
  if (evaluation.state == evaluator::EvaluationState::kRunning) {
    return absl::FailedPreconditionError(absl::StrCat(
        "evaluation '", id, "' still runs; a judge would disturb its times, so wait for its end"));
  }
  if (request.candidates_size() > kMaxCandidates) {
    return absl::InvalidArgumentError(absl::StrCat("candidates: has ", request.candidates_size(),
                                                   " names; the maximum is ", kMaxCandidates));
  }
  ASSIGN_OR_RETURN(const evaluator::EvaluationPlan plan, dependencies_.store->Plan(id));
  ASSIGN_OR_RETURN(const std::vector<evaluator::Sample> samples, dependencies_.store->Samples(id));
  ASSIGN_OR_RETURN(const Judges judges, MakeJudges(request, call.caller()));
  const evaluator::PairSelection selection = {
      .baseline = request.baseline(),
      .candidates = {request.candidates().begin(), request.candidates().end()},
      .limit = request.limit()};
  ASSIGN_OR_RETURN(const std::vector<evaluator::SamplePair> pairs,
                   evaluator::SelectPairs(plan, samples, selection));
  const auto on_progress = [writer](const evaluator::JudgingProgress& progress) {
    JudgeEvaluationResponse event;
    ToProto(progress, event.mutable_progress());
    // A client that has left cancels the context.
    (void)writer->Write(event);
  };
  const absl::StatusOr<evaluator::JudgingProgress> done = evaluator::JudgePairs(
      id, plan, pairs, judges, dependencies_.judgments, on_progress, call.context());
  ASSIGN_OR_RETURN(const std::vector<evaluator::Judgment> judgments,
                   dependencies_.judgments->Judgments(id));
  ASSIGN_OR_RETURN(const std::vector<evaluator::Rating> ratings, dependencies_.store->Ratings(id));
  const evaluator::JudgmentSummary summary =
      evaluator::SummarizeJudgments(plan, judgments, ratings);
  // Judgments that were made before an error are kept, so they are tracked too.
  RETURN_IF_ERROR(Track(evaluation, plan, summary));
  RETURN_IF_ERROR(done.status());
  JudgeEvaluationResponse last;
  ToProto(summary, *done, last.mutable_summary());
  (void)writer->Write(last);
  return absl::OkStatus();
}

}  // namespace assay::server
