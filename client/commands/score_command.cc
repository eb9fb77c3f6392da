// assay score.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "assay/v1/scoring.grpc.pb.h"
#include "base/status_macros.h"
#include "client/commands/commands.h"
#include "client/input/jsonl_file.h"
#include "client/input/prompt_input.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using v1::ScoreRequest;
using v1::ScoreResponse;

// Returns a request with everything but the text.
absl::StatusOr<ScoreRequest> CommonRequest(const Session& session) {
  const ScoreOptions& options = session.arguments.score;
  ScoreRequest request;
  request.set_content_type(options.content_type);
  request.set_prompt(options.prompt);
  request.set_max_characters(options.max_characters);
  request.set_truncated(options.truncated);
  request.mutable_scorers()->Assign(options.scorers.begin(), options.scorers.end());
  request.mutable_must_include()->Assign(options.must_include.begin(), options.must_include.end());
  if (!options.prompt_file.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_prompt(), ReadInput(options.prompt_file, session.streams.in));
  }
  if (!options.reference_file.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_reference(),
                     ReadInput(options.reference_file, session.streams.in));
  }
  return request;
}

// Sets a string field of the request if the line has it.
absl::Status TakeString(const nlohmann::json& line, const char* name, std::string* field) {
  if (!line.contains(name)) return absl::OkStatus();
  ASSIGN_OR_RETURN(*field, StringField(line, name, /*required=*/false));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ScoreRequest>> ReadRequests(const Session& session) {
  const ScoreOptions& options = session.arguments.score;
  ASSIGN_OR_RETURN(ScoreRequest common, CommonRequest(session));
  if (options.jsonl_file.empty()) {
    ASSIGN_OR_RETURN(*common.mutable_text(), ReadInput(options.text_file, session.streams.in));
    return std::vector<ScoreRequest>{common};
  }
  std::vector<ScoreRequest> requests;
  RETURN_IF_ERROR(
      ReadJsonl(options.jsonl_file, [&](const nlohmann::json& line, size_t) -> absl::Status {
        ScoreRequest request = common;
        ASSIGN_OR_RETURN(*request.mutable_text(), StringField(line, "text", /*required=*/true));
        RETURN_IF_ERROR(TakeString(line, "prompt", request.mutable_prompt()));
        RETURN_IF_ERROR(TakeString(line, "reference", request.mutable_reference()));
        RETURN_IF_ERROR(TakeString(line, "content_type", request.mutable_content_type()));
        const auto truncated = line.find("truncated");
        if (truncated != line.end() && !truncated->is_boolean()) {
          return absl::InvalidArgumentError("\"truncated\" must be true or false");
        }
        if (truncated != line.end()) request.set_truncated(truncated->get<bool>());
        requests.push_back(std::move(request));
        return absl::OkStatus();
      }));
  if (!requests.empty()) return requests;
  return absl::InvalidArgumentError(absl::StrCat(options.jsonl_file, ": has no texts"));
}

void PrintScore(const v1::TextScore& score, const Session& session) {
  std::ostream& out = session.streams.out;
  if (!score.error().empty()) {
    out << score.scorer() << " " << score.version() << ": failed: " << score.error() << "\n";
    return;
  }
  out << absl::StrFormat("%s %s: %.2f of 10\n", score.scorer(), score.version(), score.overall());
  if (!score.basis().empty()) out << "It judges " << score.basis() << ".\n";
  Table table{.header = {"PART", "VALUE", "WHY"}};
  for (const v1::ScorePart& part : score.parts()) {
    table.rows.push_back({part.name(),
                          part.has_value() ? absl::StrFormat("%.2f", part.value()) : "not judged",
                          part.reason()});
  }
  out << FormatTable(table) << std::flush;
}

}  // namespace

int Score(const Session& session) {
  const absl::StatusOr<std::vector<ScoreRequest>> requests = ReadRequests(session);
  if (!requests.ok()) return ReportUsageError(session, requests.status());
  int exit_code = kExitOk;
  for (const ScoreRequest& request : *requests) {
    ScoreResponse reply;
    const grpc::Status status =
        Call(session.connection, &v1::ScoringService::Stub::Score, request, &reply);
    if (!status.ok()) return session.connection.ReportFailure(status);
    for (const v1::TextScore& score : reply.scores()) {
      if (!session.arguments.json) PrintScore(score, session);
      if (!score.error().empty()) exit_code = kExitFailed;
    }
    if (session.arguments.json) WriteJson(reply, session.streams);
  }
  return exit_code;
}

}  // namespace assay::client
