// assay evaluate.
#include <algorithm>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "base/steady_time.h"
#include "client/commands/commands.h"
#include "client/commands/evaluation_reports.h"
#include "client/commands/evaluation_request.h"
#include "client/commands/evaluation_result.h"
#include "client/terminal/forecast_lines.h"

namespace assay::client {
namespace {

using Stub = v1::EvaluationService::Stub;

constexpr int kBarCells = 24;
constexpr absl::Duration kMlflowTimeout = absl::Seconds(30);
constexpr absl::Duration kMlflowPoll = absl::Milliseconds(500);

// Waits for the addresses of the MLflow runs, which the server logs after the summary, and writes
// those that exist. The result is valid without them.
void WaitForRuns(const Session& session, v1::Evaluation evaluation) {
  const std::string id = evaluation.id();
  // One run per model, and one of the evaluation.
  const auto expected =
      1 + std::count_if(evaluation.summaries().begin(), evaluation.summaries().end(),
                        [](const v1::Summary& summary) { return summary.content_type().empty(); });
  v1::GetEvaluationRequest request;
  request.set_id(id);
  StatusLine line(session.streams);
  const SteadyTime limit = SteadyTime::Now() + kMlflowTimeout;
  while (Call(session.connection, &Stub::GetEvaluation, request, &evaluation).ok()) {
    if (evaluation.mlflow_runs_size() >= expected) {
      line.Clear();
      WriteRuns(evaluation, session.streams);
      return;
    }
    if (limit.HasPassed()) break;
    line.Update("waiting for the addresses of the MLflow runs (Ctrl-C leaves)");
    if (session.connection.interrupt().WaitFor(kMlflowPoll)) break;
  }
  line.Clear();
  WriteRuns(evaluation, session.streams);
  session.streams.err
      << "some MLflow runs are missing (is MLflow off or slow?): `assay evaluations get "
      << OneLine(id) << "` shows them later\n";
}

// Shows a running evaluation: a bar on a terminal, elsewhere a line per finished sample.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(Streams& streams) : streams_(streams), line_(streams) {}

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

 private:
  Streams& streams_;
  StatusLine line_;
  std::string last_;
};

// Starts an evaluation and follows its stream of events.
class Follower {
 public:
  explicit Follower(const Session& session) : session_(session) {}

  // Returns an exit code.
  int Run(const v1::EvaluateRequest& request) {
    const grpc::Status status = Stream(request);
    if (!status.ok()) return ReportBrokenStream(status);
    if (options().dry_run) return kExitOk;
    if (options().detach && !id_.empty()) return kExitOk;
    if (!json()) WriteSummary();
    return Conclude(request.gate());
  }

 private:
  bool json() const { return session_.arguments.json; }
  const EvaluateOptions& options() const { return session_.arguments.evaluate; }

  grpc::Status Stream(const v1::EvaluateRequest& request) {
    ProgressDisplay display(session_.streams);
    return CallStream(session_.connection, &Stub::Evaluate, request,
                      [&](const v1::EvaluateResponse& event) {
                        if (event.has_started()) id_ = event.started().id();
                        if (event.has_summary()) summary_ = event.summary();
                        if (options().detach) return !WriteStarted(event);
                        if (event.has_forecast() && !json()) WriteForecast(event.forecast());
                        if (json()) {
                          WriteJson(event, session_.streams);
                          return true;
                        }
                        if (event.has_started()) {
                          session_.streams.err << "evaluation " << OneLine(id_) << " started\n";
                        }
                        if (event.has_progress()) display.Show(event.progress());
                        if (event.has_sample()) display.Show(event.sample());
                        return true;
                      });
  }

  // A dry run has no other output.
  void WriteForecast(const v1::EvaluationForecast& forecast) const {
    std::ostream& out = options().dry_run ? session_.streams.out : session_.streams.err;
    out << ForecastLines(forecast) << std::flush;
  }

  // Writes the id alone, for --detach. Returns false for other events.
  bool WriteStarted(const v1::EvaluateResponse& event) const {
    if (!event.has_started()) return false;
    if (json()) {
      WriteJson(event.started(), session_.streams);
    } else {
      session_.streams.out << OneLine(id_) << "\n" << std::flush;
    }
    return true;
  }

  // The evaluation continues on the server, whatever happens to the stream.
  int ReportBrokenStream(const grpc::Status& status) const {
    const std::string shown = OneLine(id_);
    if (session_.connection.interrupt().raised() && !id_.empty()) {
      session_.streams.err << "detached; the evaluation continues: `assay evaluations get " << shown
                           << "` shows it, `assay evaluations cancel " << shown << "` stops it\n";
      return kExitInterrupted;
    }
    const int code = session_.connection.ReportFailure(status);
    if (!id_.empty()) {
      session_.streams.err << "the finished samples are kept: `assay evaluations get " << shown
                           << "`\n";
    }
    return code;
  }

  void WriteSummary() const {
    WriteResult(summary_, session_.streams);
    if (options().no_wait || summary_.summaries().empty() ||
        summary_.mlflow_tracking_uri().empty()) {
      WriteRuns(summary_, session_.streams);
    } else {
      WaitForRuns(session_, summary_);
    }
  }

  // Writes the report and checks the gate. Returns the exit code of the first step that failed.
  int Conclude(const std::string& gate) const {
    int code = ExitCodeOf(summary_);
    if (!options().report.empty()) {
      const int written = WriteReport(session_, summary_.id(), {.output = options().report});
      if (code == kExitOk) code = written;
    }
    if (gate.empty()) return code;
    const int gate_code = CheckGate(session_, summary_.id(), gate);
    return code == kExitOk ? gate_code : code;
  }

  const Session& session_;
  std::string id_;
  v1::Evaluation summary_;
};

}  // namespace

int Evaluate(const Session& session) {
  const absl::StatusOr<v1::EvaluateRequest> request =
      MakeEvaluateRequest(session.arguments.evaluate);
  if (!request.ok()) return ReportUsageError(session, request.status());
  return Follower(session).Run(*request);
}

}  // namespace assay::client
