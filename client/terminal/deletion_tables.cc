// Deletions of evaluations as text.
#include "client/terminal/deletion_tables.h"

#include "absl/strings/str_cat.h"
#include "client/terminal/console.h"
#include "client/terminal/evaluation_table.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumber = 4;

std::string Count(int64_t count) {
  return absl::StrCat(count, count == 1 ? " evaluation" : " evaluations");
}

std::string Kept(const v1::DeleteEvaluationsResponse& reply) {
  std::string text;
  for (const v1::KeptEvaluation& kept : reply.kept()) {
    absl::StrAppend(&text, "left ", OneLine(kept.id()), ": ", OneLine(kept.reason()), "\n");
  }
  return text;
}

std::string Uploads(int64_t count, const std::string& verb) {
  if (count == 0) return "";
  return absl::StrCat(count, count == 1 ? " result" : " results", " that had not reached MLflow ",
                      verb, "\n");
}

std::string Store(const v1::DeleteEvaluationsResponse& reply) {
  std::string text = absl::StrCat("the store has ", FormatBytes(reply.stored_bytes()));
  if (reply.max_stored_bytes() > 0) {
    absl::StrAppend(&text, " of ", FormatBytes(reply.max_stored_bytes()));
  }
  return text + "\n";
}

}  // namespace

std::string DeletionPlan(const v1::DeleteEvaluationsResponse& reply) {
  Table table{.header = {"ID", "STATE", "ENDED", "NAME", "SAMPLES"}, .first_right = kFirstNumber};
  for (const v1::DeletedEvaluation& evaluation : reply.evaluations()) {
    table.rows.push_back({OneLine(evaluation.id()), StateWord(evaluation.state()),
                          FormatTime(evaluation.finished_at()), OneLine(evaluation.name()),
                          absl::StrCat(evaluation.samples())});
  }
  std::string text = reply.evaluations().empty() ? "" : FormatTable(table);
  if (reply.deleted() > reply.evaluations_size()) {
    absl::StrAppend(&text, "and ", reply.deleted() - reply.evaluations_size(), " more\n");
  }
  return absl::StrCat(text, Kept(reply), "would delete ", Count(reply.deleted()), ", about ",
                      FormatBytes(reply.freed_bytes()), "; ", Store(reply),
                      Uploads(reply.dropped_uploads(), "would be dropped"));
}

std::string DeletionSummary(const v1::DeleteEvaluationsResponse& reply) {
  std::string text = Kept(reply);
  if (reply.deleted() == 1 && reply.evaluations_size() == 1) {
    absl::StrAppend(&text, "deleted evaluation ", OneLine(reply.evaluations(0).id()));
  } else {
    absl::StrAppend(&text, "deleted ", Count(reply.deleted()));
  }
  if (reply.deleted() > 0) {
    absl::StrAppend(&text, "; ", FormatBytes(reply.freed_bytes()), " given back",
                    reply.freeing() ? " so far, the rest follows" : "");
  }
  return absl::StrCat(text, "; ", Store(reply), Uploads(reply.dropped_uploads(), "were dropped"));
}

}  // namespace assay::client
