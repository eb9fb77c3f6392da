// assay pull.
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/commands/transfer.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kBarCells = 24;
// Between two lines where nobody watches.
constexpr absl::Duration kQuietInterval = absl::Seconds(5);

std::string Describe(const v1::PullProgress& progress) {
  if (progress.bytes_total() == 0) return OneLine(progress.stage());
  return absl::StrCat(TransferText(progress), "  ", OneLine(progress.stage()), " ",
                      OneLine(progress.file()));
}

double Fraction(const v1::PullProgress& progress) {
  if (progress.bytes_total() == 0) return 0;
  return static_cast<double>(progress.bytes_done()) / static_cast<double>(progress.bytes_total());
}

// A line that replaces itself on a terminal, a line now and then elsewhere.
class PullDisplay {
 public:
  explicit PullDisplay(const Session& session) : session_(session), line_(session.streams) {}

  void Show(const v1::PullProgress& progress) {
    line_.Update(absl::StrCat(Bar(Fraction(progress), kBarCells), " ", Describe(progress)));
    if (session_.streams.err_is_terminal || absl::Now() < next_) return;
    next_ = absl::Now() + kQuietInterval;
    session_.streams.err << "pulling " << session_.arguments.id << ": " << Describe(progress)
                         << "\n";
  }
  void Clear() { line_.Clear(); }

 private:
  const Session& session_;
  StatusLine line_;
  absl::Time next_ = absl::InfinitePast();
};

std::string Amount(const v1::PullResult& result) {
  if (result.fetched_bytes() == 0) return "was there already";
  std::string fetched = absl::StrCat(FormatBytes(result.fetched_bytes()), " downloaded");
  if (result.present_bytes() == 0) return fetched;
  return absl::StrCat(fetched, ", ", FormatBytes(result.present_bytes()), " there already");
}

void WriteResult(const v1::PullResult& result, const Session& session) {
  session.streams.out << OneLine(session.arguments.id) << ": " << Amount(result) << ", commit "
                      << OneLine(result.commit()) << "\n"
                      << OneLine(result.path()) << "\n";
}

}  // namespace

int Pull(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::ModelService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::PullModelRequest request;
  request.set_id(session.arguments.id);
  const auto reader = stub->PullModel(&context, request);
  PullDisplay display(session);
  v1::PullModelResponse event;
  bool some_came = false;
  while (reader->Read(&event)) {
    if (session.arguments.json) {
      WriteJson(event, session.streams);
    } else if (event.has_progress()) {
      display.Show(event.progress());
    }
    some_came |= event.progress().bytes_done() > 0;
  }
  const grpc::Status status = reader->Finish();
  display.Clear();
  if (!status.ok()) {
    const int code = session.connection.ReportFailure(status);
    if (!some_came && code != kExitInterrupted) return code;
    session.streams.err << "What has come is kept; `assay pull " << session.arguments.id
                        << "` goes on from there.\n";
    return code;
  }
  if (!session.arguments.json) WriteResult(event.result(), session);
  return kExitOk;
}

}  // namespace assay::client
