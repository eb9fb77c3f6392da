// assay load.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "base/steady_time.h"
#include "client/commands/commands.h"
#include "client/terminal/model_tables.h"
#include "client/terminal/transfer_text.h"

namespace assay::client {
namespace {

constexpr int kBarCells = 30;
// The interval between two lines of a download if err is no terminal.
constexpr absl::Duration kLineInterval = absl::Seconds(5);

// Shows the progress of a load: on a terminal one line that replaces itself, elsewhere one line per
// stage and, while downloading, one line per interval.
class LoadDisplay {
 public:
  explicit LoadDisplay(const Session& session) : session_(session), line_(session.streams) {}

  void Show(const v1::LoadProgress& progress) {
    const std::string transfer = TransferText(progress);
    const std::string text =
        absl::StrCat(OneLine(progress.stage()), transfer.empty() ? "" : "  ", transfer);
    line_.Update(absl::StrFormat("%s %3.0f%% %s", Bar(progress.fraction(), kBarCells),
                                 progress.fraction() * 100, text));
    if (session_.streams.err_is_terminal) return;
    const SteadyTime now = SteadyTime::Now();
    if (progress.stage() == stage_ && (transfer.empty() || now < next_)) return;
    stage_ = progress.stage();
    next_ = now + kLineInterval;
    session_.streams.err << "loading " << session_.arguments.id << ": " << text << "\n";
  }
  void Clear() { line_.Clear(); }

 private:
  const Session& session_;
  StatusLine line_;
  std::string stage_;
  SteadyTime next_ = SteadyTime::InfinitePast();
};

}  // namespace

int Load(const Session& session) {
  v1::LoadModelRequest request;
  request.set_id(session.arguments.id);
  LoadDisplay display(session);
  v1::Model model;
  const auto on_event = [&](const v1::LoadModelResponse& event) {
    if (event.has_model()) model = event.model();
    if (session.arguments.json) {
      WriteJson(event, session.streams);
    } else if (event.has_progress()) {
      display.Show(event.progress());
    }
  };
  const grpc::Status status =
      CallStream(session.connection, &v1::ModelService::Stub::LoadModel, request, on_event);
  display.Clear();
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (!session.arguments.json) session.streams.out << ModelText(model);
  return kExitOk;
}

}  // namespace assay::client
