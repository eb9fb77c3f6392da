// The state of the uploads to MLflow as text.
#include "client/terminal/tracking_tables.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr double kNanosPerSecond = 1e9;

std::string Dash(const std::string& text) { return text.empty() ? "-" : OneLine(text); }

std::string Runs(int64_t count) { return absl::StrCat(count, count == 1 ? " run" : " runs"); }

std::string OutboxText(const v1::Outbox& outbox) {
  if (outbox.depth() == 0) return "The outbox is empty.\n";
  const double age = static_cast<double>(outbox.oldest_age().seconds()) +
                     outbox.oldest_age().nanos() / kNanosPerSecond;
  Table table{.header = {"RUN", "EVALUATION", "FAILED ATTEMPTS", "NEXT ATTEMPT", "LAST ERROR"}};
  for (const v1::OutboxEntry& entry : outbox.entries()) {
    table.rows.push_back({Dash(entry.run_name()), Dash(entry.evaluation_id()),
                          absl::StrCat(entry.attempts()), FormatTime(entry.next_attempt()),
                          Dash(entry.last_error())});
  }
  const int64_t hidden = outbox.depth() - outbox.entries_size();
  return absl::StrCat(Runs(outbox.depth()), outbox.depth() == 1 ? " waits" : " wait",
                      " for upload, the oldest for ", FormatSeconds(age), ".\n", FormatTable(table),
                      hidden > 0 ? absl::StrCat("... and ", hidden, " more\n") : "");
}

}  // namespace

std::string TrackingStatusText(const v1::GetTrackingStatusResponse& reply) {
  if (!reply.enabled()) {
    return absl::StrCat(
        "MLflow is off: set mlflow.tracking_uri in the server's configuration and start assayd "
        "again.\n",
        OutboxText(reply.outbox()));
  }
  std::string text = absl::StrCat("MLflow: ", OneLine(reply.tracking_uri()),
                                  reply.answers() ? " answers\n" : " does not answer\n",
                                  "Experiment: ", OneLine(reply.experiment()));
  if (!reply.experiment_id().empty()) {
    absl::StrAppend(&text, " (id ", OneLine(reply.experiment_id()), ")");
  } else if (reply.answers() && reply.error().empty()) {
    absl::StrAppend(&text, " (the first upload creates it)");
  }
  absl::StrAppend(&text, "\n");
  if (!reply.error().empty()) absl::StrAppend(&text, "Error: ", OneLine(reply.error()), "\n");
  absl::StrAppend(&text, "Since the start of the server: ", Runs(reply.uploads_ok()), " uploaded, ",
                  reply.uploads_failed(), " failed attempts\n");
  if (reply.has_paused_until()) {
    absl::StrAppend(&text, "Uploads pause until ", FormatTime(reply.paused_until()),
                    "; `assay mlflow flush` ends the pause.\n");
  }
  return absl::StrCat(text, OutboxText(reply.outbox()));
}

std::string FlushText(const v1::FlushTrackingResponse& reply) {
  return absl::StrCat(Runs(reply.uploaded()), " uploaded. ", OutboxText(reply.left()));
}

}  // namespace assay::client
