// assay judge.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "assay/v1/judging.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/judgment_tables.h"

namespace assay::client {
namespace {

constexpr int kBarCells = 24;

void ShowProgress(const v1::JudgingProgress& progress, StatusLine* line) {
  const double fraction = static_cast<double>(progress.finished()) / std::max(1, progress.total());
  line->Update(absl::StrCat(Bar(fraction, kBarCells), " ", progress.finished(), "/",
                            progress.total(), "  ", OneLine(progress.judge()), "  ",
                            FormatUsd(progress.cost_usd())));
}

}  // namespace

int Judge(const Session& session) {
  const JudgeOptions& options = session.arguments.judge;
  v1::JudgeEvaluationRequest request;
  request.set_evaluation_id(options.evaluation);
  request.mutable_judges()->Assign(options.judges.begin(), options.judges.end());
  request.set_baseline(options.baseline);
  request.mutable_candidates()->Assign(options.candidates.begin(), options.candidates.end());
  request.set_limit(session.arguments.limit);
  v1::JudgingSummary summary;
  StatusLine line(session.streams);
  const grpc::Status status =
      CallStream(session.connection, &v1::JudgingService::Stub::JudgeEvaluation, request,
                 [&](const v1::JudgeEvaluationResponse& event) {
                   if (event.has_progress()) ShowProgress(event.progress(), &line);
                   if (event.has_summary()) summary = event.summary();
                   if (session.arguments.json) WriteJson(event, session.streams);
                 });
  line.Clear();
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (!session.arguments.json) session.streams.out << JudgingSummaryText(summary) << std::flush;
  const bool decided =
      std::any_of(summary.judges().begin(), summary.judges().end(),
                  [](const v1::JudgeRecord& record) { return record.judgments() > 0; });
  return decided ? kExitOk : kExitFailed;
}

}  // namespace assay::client
