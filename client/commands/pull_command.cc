// assay pull.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "base/steady_time.h"
#include "client/commands/commands.h"
#include "client/terminal/transfer_text.h"

namespace assay::client {
namespace {

constexpr int kBarCells = 24;
// The interval between two lines if err is no terminal.
constexpr absl::Duration kLineInterval = absl::Seconds(5);

std::string Describe(const v1::PullProgress& progress) {
  if (progress.bytes_total() == 0) return OneLine(progress.stage());
  return absl::StrCat(TransferText(progress), "  ", OneLine(progress.stage()), " ",
                      OneLine(progress.file()));
}

double Fraction(const v1::PullProgress& progress) {
  if (progress.bytes_total() == 0) return 0;
  return static_cast<double>(progress.bytes_done()) / static_cast<double>(progress.bytes_total());
}

// Shows the progress of a download: on a terminal one line that replaces itself, elsewhere one line
// per interval.
class PullDisplay {
 public:
  explicit PullDisplay(const Session& session) : session_(session), line_(session.streams) {}

  void Show(const v1::PullProgress& progress) {
    line_.Update(absl::StrCat(Bar(Fraction(progress), kBarCells), " ", Describe(progress)));
    if (session_.streams.err_is_terminal || SteadyTime::Now() < next_) return;
    next_ = SteadyTime::Now() + kLineInterval;
    session_.streams.err << "pulling " << session_.arguments.id << ": " << Describe(progress)
                         << "\n";
  }
  void Clear() { line_.Clear(); }

 private:
  const Session& session_;
  StatusLine line_;
  SteadyTime next_ = SteadyTime::InfinitePast();
};

std::string Amount(const v1::PullResult& result) {
  if (result.fetched_bytes() == 0) return "already downloaded";
  std::string fetched = absl::StrCat(FormatBytes(result.fetched_bytes()), " downloaded");
  if (result.present_bytes() == 0) return fetched;
  return absl::StrCat(fetched, ", ", FormatBytes(result.present_bytes()), " already there");
}

void WriteResult(const v1::PullResult& result, const Session& session) {
  session.streams.out << OneLine(session.arguments.id) << ": " << Amount(result) << ", commit "
                      << OneLine(result.commit()) << "\n"
                      << OneLine(result.path()) << "\n";
}

}  // namespace

int Pull(const Session& session) {
  v1::PullModelRequest request;
  request.set_id(session.arguments.id);
  PullDisplay display(session);
  v1::PullResult result;
  bool some_downloaded = false;
  const auto on_event = [&](const v1::PullModelResponse& event) {
    if (session.arguments.json) {
      WriteJson(event, session.streams);
    } else if (event.has_progress()) {
      display.Show(event.progress());
    }
    some_downloaded |= event.progress().bytes_done() > 0;
    if (event.has_result()) result = event.result();
  };
  const grpc::Status status =
      CallStream(session.connection, &v1::ModelService::Stub::PullModel, request, on_event);
  display.Clear();
  if (!status.ok()) {
    const int code = session.connection.ReportFailure(status);
    if (some_downloaded || code == kExitInterrupted) {
      session.streams.err << "The downloaded part is kept; `assay pull " << session.arguments.id
                          << "` continues from there.\n";
    }
    return code;
  }
  if (!session.arguments.json) WriteResult(result, session);
  return kExitOk;
}

}  // namespace assay::client
