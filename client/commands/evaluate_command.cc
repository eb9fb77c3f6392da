// assay evaluate and assay evaluations.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "base/status_macros.h"
#include "client/commands/commands.h"
#include "client/commands/evaluation_reports.h"
#include "client/input/plan_file.h"
#include "client/input/prompts_file.h"
#include "client/terminal/comparison_table.h"
#include "client/terminal/evaluation_table.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

using Stub = v1::EvaluationService::Stub;

constexpr int kBarCells = 24;
constexpr absl::Duration kMlflowWait = absl::Seconds(30);
constexpr absl::Duration kMlflowPoll = absl::Milliseconds(500);

absl::StatusOr<v1::EvaluateRequest> RequestOfFlags(const EvaluateOptions& options) {
  v1::EvaluateRequest request;
  for (const std::string& model : options.models) request.add_models(model);
  for (const std::string& type : options.content_types) request.add_content_types(type);
  request.set_prompts_per_type(options.prompts_per_type);
  request.set_repeats(options.repeats);
  request.set_max_new_tokens(options.max_new_tokens);
  request.set_baseline(options.baseline);
  for (const std::string& scorer : options.scorers) request.add_scorers(scorer);
  if (options.prompts_file.empty()) return request;
  ASSIGN_OR_RETURN(std::vector<v1::EvaluationPrompt> prompts,
                   ReadPromptsFile(options.prompts_file));
  for (v1::EvaluationPrompt& prompt : prompts) *request.add_prompts() = std::move(prompt);
  return request;
}

absl::StatusOr<v1::EvaluateRequest> MakeRequest(const EvaluateOptions& options) {
  absl::StatusOr<v1::EvaluateRequest> request = v1::EvaluateRequest();
  if (!options.plan_file.empty()) {
    request = ReadPlanFile(options.plan_file);
  } else if (options.replay_of.empty()) {
    request = RequestOfFlags(options);
  }
  if (!request.ok()) return request;
  request->set_replay_of(options.replay_of);
  if (!options.name.empty()) request->set_name(options.name);
  if (options.order_seed != 0) request->set_order_seed(options.order_seed);
  if (!options.gate.empty()) request->set_gate(options.gate);
  return request;
}

// What could not be done after hours of work.
absl::Status CheckEnd(const EvaluateOptions& options, const v1::EvaluateRequest& request) {
  if (absl::StatusOr<v1::ReportFormat> format = FormatOf("", options.report); !format.ok()) {
    return format.status();
  }
  if (!options.detach) return absl::OkStatus();
  if (!request.gate().empty()) {
    return absl::InvalidArgumentError(
        "--detach leaves before there are results that the gate could be held against; leave one "
        "of them out, and ask later: assay evaluations gate ID GATE");
  }
  if (!options.report.empty()) {
    return absl::InvalidArgumentError(
        "--detach leaves before there is anything to report; leave one of them out, and ask "
        "later: assay evaluations report ID --output FILE");
  }
  return absl::OkStatus();
}

int ExitCodeOf(const v1::Evaluation& evaluation) {
  return evaluation.state() == v1::EVALUATION_STATE_FAILED ||
                 evaluation.state() == v1::EVALUATION_STATE_CANCELLED
             ? kExitFailed
             : kExitOk;
}

void WriteRuns(const v1::Evaluation& evaluation, Streams& streams) {
  for (const v1::MlflowRun& run : evaluation.mlflow_runs()) {
    const std::string of = run.model().empty() ? "the evaluation" : OneLine(run.model());
    streams.out << "MLflow run of " << of << ": " << OneLine(run.url()) << "\n";
  }
}

void WriteResult(const v1::Evaluation& evaluation, Streams& streams) {
  streams.out << "evaluation " << OneLine(evaluation.id()) << ": " << StateWord(evaluation.state())
              << ", " << evaluation.finished_samples() << " of " << evaluation.total_samples()
              << " samples\n";
  if (!evaluation.error().empty()) {
    streams.err << "assay: FAILED: " << OneLine(evaluation.error()) << "\n";
  }
  if (!evaluation.summaries().empty()) streams.out << "\n" << EvaluationTable(evaluation) << "\n";
  if (const std::string ranking = RankingTable(evaluation.analysis()); !ranking.empty()) {
    streams.out << ranking << "\n";
  }
  for (const std::string& decision : evaluation.analysis().decisions()) {
    streams.out << OneLine(decision) << "\n";
  }
  streams.out << std::flush;
}

grpc::Status Fetch(const Session& session, Stub& stub, const v1::GetEvaluationRequest& request,
                   v1::Evaluation& reply) {
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  return stub.GetEvaluation(&context, request, &reply);
}

// The server logs to MLflow after the summary; the result stands whether or not that comes.
void WaitForRuns(const Session& session, Stub& stub, v1::Evaluation evaluation) {
  const std::string id = evaluation.id();
  // The models', and the evaluation's own.
  const auto expected =
      1 + std::count_if(evaluation.summaries().begin(), evaluation.summaries().end(),
                        [](const v1::Summary& summary) { return summary.content_type().empty(); });
  v1::GetEvaluationRequest request;
  request.set_id(id);
  StatusLine line(session.streams);
  const absl::Time limit = absl::Now() + kMlflowWait;
  while (Fetch(session, stub, request, evaluation).ok()) {
    if (evaluation.mlflow_runs_size() >= expected) {
      line.Clear();
      WriteRuns(evaluation, session.streams);
      return;
    }
    if (absl::Now() >= limit) break;
    line.Update("waiting for the addresses of the MLflow runs (Ctrl-C leaves)");
    if (session.connection.interrupt().WaitFor(kMlflowPoll)) break;
  }
  line.Clear();
  WriteRuns(evaluation, session.streams);
  session.streams.err
      << "not every MLflow run is there yet (MLflow off or slow?): `assay evaluations get "
      << OneLine(id) << "` shows them\n";
}

// Shows a running evaluation: a bar on a terminal, else a line for each finished sample.
class ProgressView {
 public:
  explicit ProgressView(Streams& streams) : streams_(streams), line_(streams) {}

  void Show(const v1::EvaluationProgress& progress) {
    const int total = std::max(1, progress.total_samples());
    const std::string left =
        progress.remaining_seconds() < 0
            ? std::string()
            : absl::StrCat(", ", FormatSeconds(progress.remaining_seconds()), " left");
    const std::string counts =
        absl::StrCat(progress.finished_samples(), "/", progress.total_samples(), left, "  ",
                     OneLine(progress.activity()));
    if (streams_.err_is_terminal) {
      const double fraction = static_cast<double>(progress.finished_samples()) / total;
      line_.Update(absl::StrCat(Bar(fraction, kBarCells), " ", counts));
      return;
    }
    if (counts == last_) return;
    streams_.err << counts << "\n" << std::flush;
    last_ = counts;
  }

  void Show(const v1::SampleResult& sample) {
    if (sample.error().empty()) return;
    line_.Clear();
    streams_.err << "failed: " << OneLine(sample.model()) << " " << OneLine(sample.prompt_id())
                 << ": " << OneLine(sample.error()) << "\n";
  }

  void Clear() { line_.Clear(); }

 private:
  Streams& streams_;
  StatusLine line_;
  std::string last_;
};

// Ends the stream, not the evaluation.
int Detach(const Session& session, const std::string& id) {
  const std::string shown = OneLine(id);
  session.streams.err << "detached; the evaluation goes on: `assay evaluations get " << shown
                      << "` reads it, `assay evaluations cancel " << shown << "` stops it\n";
  return kExitInterrupted;
}

// Report and gate; the exit code is that of the first that went wrong.
int Conclude(const Session& session, Stub& stub, const v1::Evaluation& summary,
             const std::string& gate) {
  int code = ExitCodeOf(summary);
  if (const std::string& report = session.arguments.evaluate.report; !report.empty()) {
    const int written = WriteReport(session, stub, summary.id(), {.output = report});
    if (code == kExitOk) code = written;
  }
  if (gate.empty()) return code;
  const int held = CheckGate(session, stub, summary.id(), gate);
  return code == kExitOk ? held : code;
}

int Follow(const Session& session, Stub& stub, const v1::EvaluateRequest& request) {
  const std::string& gate = request.gate();
  const Arguments& arguments = session.arguments;
  Streams& streams = session.streams;
  v1::Evaluation summary;
  std::string id;
  grpc::Status status;
  {
    grpc::ClientContext context;
    session.connection.Prepare(context);
    const WatchedCall watched(session.connection.interrupt(), context);
    const auto reader = stub.Evaluate(&context, request);
    ProgressView view(streams);
    v1::EvaluateResponse event;
    while (reader->Read(&event)) {
      if (event.has_started()) id = event.started().id();
      if (event.has_summary()) summary = event.summary();
      if (arguments.json && !arguments.evaluate.detach) WriteJson(event, streams);
      if (event.has_started() && arguments.evaluate.detach) {
        if (arguments.json) {
          WriteJson(event.started(), streams);
        } else {
          streams.out << OneLine(id) << "\n" << std::flush;
        }
        context.TryCancel();
        (void)reader->Finish();
        return kExitOk;
      }
      if (arguments.json) continue;
      if (event.has_started()) streams.err << "evaluation " << OneLine(id) << " started\n";
      if (event.has_progress()) view.Show(event.progress());
      if (event.has_sample()) view.Show(event.sample());
    }
    status = reader->Finish();
  }
  if (!status.ok()) {
    if (session.connection.interrupt().raised() && !id.empty()) return Detach(session, id);
    const int code = session.connection.ReportFailure(status);
    if (!id.empty()) {
      streams.err << "what was measured is kept: `assay evaluations get " << OneLine(id) << "`\n";
    }
    return code;
  }
  if (arguments.json) return Conclude(session, stub, summary, gate);
  WriteResult(summary, streams);
  if (arguments.evaluate.no_wait || summary.summaries().empty() ||
      summary.mlflow_tracking_uri().empty()) {
    WriteRuns(summary, streams);
  } else {
    WaitForRuns(session, stub, summary);
  }
  return Conclude(session, stub, summary, gate);
}

}  // namespace

int Evaluate(const Session& session) {
  absl::StatusOr<v1::EvaluateRequest> request = MakeRequest(session.arguments.evaluate);
  absl::Status status = request.status();
  if (status.ok()) status = CheckEnd(session.arguments.evaluate, *request);
  if (!status.ok()) {
    session.streams.err << "assay: INVALID_ARGUMENT: " << OneLine(std::string(status.message()))
                        << "\n";
    return kExitUsage;
  }
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  return Follow(session, *stub, *request);
}

int ListEvaluations(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::ListEvaluationsRequest request;
  request.set_limit(session.arguments.limit);
  v1::ListEvaluationsResponse reply;
  const grpc::Status status = stub->ListEvaluations(&context, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << EvaluationList(reply);
  }
  return kExitOk;
}

int GetEvaluation(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  v1::GetEvaluationRequest request;
  request.set_id(session.arguments.id);
  request.set_include_samples(session.arguments.include_samples);
  v1::Evaluation reply;
  const grpc::Status status = Fetch(session, *stub, request, reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    WriteResult(reply, session.streams);
    WriteRuns(reply, session.streams);
  }
  return ExitCodeOf(reply);
}

int CancelEvaluation(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::CancelEvaluationRequest request;
  request.set_id(session.arguments.id);
  v1::Evaluation reply;
  const grpc::Status status = stub->CancelEvaluation(&context, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << "evaluation " << OneLine(reply.id()) << ": " << StateWord(reply.state())
                        << "\n";
  }
  return kExitOk;
}

}  // namespace assay::client
