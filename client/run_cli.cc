// Parses the words, runs the command and returns its exit code.
#include "client/run_cli.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "client/commands/arguments.h"
#include "client/commands/commands.h"
#include "client/rpc/channel.h"
#include "client/rpc/connection.h"
#include "client/terminal/console.h"
#include "client/terminal/exit_code.h"

namespace assay::client {
namespace {

int Dispatch(const Session& session) {
  switch (session.arguments.command) {
    case Command::kGenerate:
      return Generate(session);
    case Command::kEmbed:
      return Embed(session);
    case Command::kScore:
      return Score(session);
    case Command::kEvaluate:
      return Evaluate(session);
    case Command::kListEvaluations:
      return ListEvaluations(session);
    case Command::kGetEvaluation:
      return GetEvaluation(session);
    case Command::kCancelEvaluation:
      return CancelEvaluation(session);
    case Command::kDeleteEvaluations:
      return DeleteEvaluations(session);
    case Command::kReportEvaluation:
      return ReportEvaluation(session);
    case Command::kCompareEvaluations:
      return CompareEvaluations(session);
    case Command::kGateEvaluation:
      return GateEvaluation(session);
    case Command::kDiffEvaluation:
      return DiffEvaluation(session);
    case Command::kModels:
      return Models(session);
    case Command::kLoad:
      return Load(session);
    case Command::kInspect:
      return Inspect(session);
    case Command::kHealth:
      return Health(session);
    case Command::kPull:
      return Pull(session);
    case Command::kReload:
      return Reload(session);
    case Command::kShowRoutes:
      return ShowRoutes(session);
    case Command::kSetRoutes:
      return SetRoutes(session);
    case Command::kResetRoutes:
      return ResetRoutes(session);
    case Command::kExplainRoute:
      return ExplainRoute(session);
    case Command::kUnload:
      return Unload(session);
    case Command::kGiveFeedback:
      return GiveFeedback(session);
    case Command::kListFeedback:
      return ListFeedback(session);
    case Command::kFeedbackSummary:
      return SummarizeFeedback(session);
    case Command::kAb:
      return CompareArms(session);
    case Command::kRate:
      return Rate(session);
    case Command::kRatingsSummary:
      return SummarizeRatings(session);
    case Command::kExportRatings:
      return ExportRatings(session);
    case Command::kImportRatings:
      return ImportRatings(session);
    case Command::kJudge:
      return Judge(session);
    case Command::kMlflowStatus:
      return MlflowStatus(session);
    case Command::kMlflowFlush:
      return MlflowFlush(session);
    case Command::kListPrompts:
      return ListPrompts(session);
    case Command::kExportPrompts:
      return ExportPrompts(session);
    case Command::kDeletePrompts:
      return DeletePrompts(session);
    case Command::kCreateKey:
      return CreateKey(session);
    case Command::kListKeys:
      return ListKeys(session);
    case Command::kRevokeKey:
      return RevokeKey(session);
  }
  return kExitUsage;
}

// Returns an environment variable. Empty if it is unset or not valid gRPC metadata.
std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  const std::string_view text = value == nullptr ? "" : value;
  const bool printable = std::all_of(text.begin(), text.end(), absl::ascii_isprint);
  return printable ? std::string(text) : "";
}

int ReportUsageError(Streams& streams, const absl::Status& status) {
  streams.err << "assay: INVALID_ARGUMENT: " << OneLine(std::string(status.message())) << "\n";
  return kExitUsage;
}

// Returns the key of --api-key-file, else that of ASSAY_API_KEY. A key on the command line would
// show in the list of processes.
absl::StatusOr<std::string> ReadApiKey(const Arguments& arguments) {
  constexpr int64_t kMaxKeyBytes = 4096;
  std::string key;
  if (arguments.api_key_file.empty()) {
    const char* value = std::getenv("ASSAY_API_KEY");
    key = value == nullptr ? "" : value;
  } else {
    ASSIGN_OR_RETURN(key, ReadWholeFile(arguments.api_key_file, kMaxKeyBytes));
  }
  absl::StripAsciiWhitespace(&key);
  if (std::all_of(key.begin(), key.end(), absl::ascii_isgraph)) return key;
  return absl::InvalidArgumentError(
      "the key (--api-key-file or ASSAY_API_KEY) has characters that no key has");
}

}  // namespace

int RunCli(const std::vector<std::string>& words, Streams& streams, Interrupt& interrupt) {
  Arguments arguments;
  if (std::optional<int> code = ParseArguments(words, streams, arguments)) return *code;
  const absl::StatusOr<std::string> api_key = ReadApiKey(arguments);
  if (!api_key.ok()) return ReportUsageError(streams, api_key.status());
  ConnectionOptions options{.channel = arguments.channel};
  options.channel.api_key = *api_key;
  options.request_id = arguments.request_id;
  options.traceparent = Environment("TRACEPARENT");
  if (!options.traceparent.empty()) options.tracestate = Environment("TRACESTATE");
  if (arguments.timeout_seconds > 0) options.timeout = absl::Seconds(arguments.timeout_seconds);
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = MakeChannel(options.channel);
  if (!channel.ok()) return ReportUsageError(streams, channel.status());
  Connection connection(options, *channel, streams, interrupt);
  return Dispatch({.arguments = arguments, .connection = connection, .streams = streams});
}

}  // namespace assay::client
