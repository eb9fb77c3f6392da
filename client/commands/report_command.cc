// assay evaluations report, compare and gate.
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/commands/evaluation_reports.h"
#include "client/input/output_file.h"
#include "client/terminal/comparison_table.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

using Stub = v1::EvaluationService::Stub;

struct FormatName {
  std::string_view name;
  std::string_view extension;
  v1::ReportFormat format;
};

constexpr std::array<FormatName, 6> kFormats = {{
    {"markdown", ".md", v1::REPORT_FORMAT_MARKDOWN},
    {"html", ".html", v1::REPORT_FORMAT_HTML},
    {"json", ".json", v1::REPORT_FORMAT_JSON},
    {"jsonl", ".jsonl", v1::REPORT_FORMAT_JSONL},
    {"csv", ".csv", v1::REPORT_FORMAT_CSV},
    {"lm-eval", "", v1::REPORT_FORMAT_LM_EVAL},
}};

int Fail(const Session& session, const absl::Status& status) {
  session.streams.err << "assay: " << OneLine(std::string(status.message())) << "\n";
  return kExitFailed;
}

}  // namespace

absl::StatusOr<v1::ReportFormat> FormatOf(const std::string& name, const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  for (const FormatName& format : kFormats) {
    if (name == format.name) return format.format;
  }
  for (const FormatName& format : kFormats) {
    if (!extension.empty() && extension == format.extension) return format.format;
  }
  if (extension.empty()) return v1::REPORT_FORMAT_MARKDOWN;
  return absl::InvalidArgumentError(absl::StrCat("'", path, "': no report has the extension ",
                                                 extension,
                                                 "; there are .md, .html, .json, .jsonl and .csv"));
}

int WriteReport(const Session& session, Stub& stub, const std::string& id,
                const ReportOptions& options) {
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::GetReportRequest request;
  request.set_id(id);
  const absl::StatusOr<v1::ReportFormat> format = FormatOf(options.format, options.output);
  if (!format.ok()) {
    session.streams.err << "assay: INVALID_ARGUMENT: "
                        << OneLine(std::string(format.status().message()))
                        << "; or give --format\n";
    return kExitUsage;
  }
  request.set_format(*format);
  const auto reader = stub.GetReport(&context, request);
  std::string document;
  v1::ReportChunk chunk;
  while (reader->Read(&chunk)) document += chunk.data();
  if (const grpc::Status status = reader->Finish(); !status.ok()) {
    return session.connection.ReportFailure(status);
  }
  if (options.output.empty()) {
    session.streams.out << document << std::flush;
    return kExitOk;
  }
  if (absl::Status s = WriteWholeFile(options.output, document); !s.ok()) return Fail(session, s);
  session.streams.err << "report: " << OneLine(options.output) << "\n";
  return kExitOk;
}

int CheckGate(const Session& session, Stub& stub, const std::string& id, const std::string& gate) {
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::CheckGateRequest request;
  request.set_id(id);
  request.set_gate(gate);
  v1::GateResult result;
  const grpc::Status status = stub.CheckGate(&context, request, &result);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(result, session.streams);
  } else {
    session.streams.out << GateLines(result) << std::flush;
  }
  return result.passed() ? kExitOk : kExitGate;
}

int ReportEvaluation(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  return WriteReport(session, *stub, session.arguments.id, session.arguments.report);
}

int GateEvaluation(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  return CheckGate(session, *stub, session.arguments.id, session.arguments.evaluate.gate);
}

int CompareEvaluations(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::EvaluationService::NewStub(session.connection.channel());
  const CompareOptions& options = session.arguments.compare;
  v1::CompareEvaluationsRequest request;
  request.set_baseline_id(options.baseline);
  request.set_candidate_id(options.candidate);
  request.set_baseline_model(options.baseline_model);
  request.set_candidate_model(options.candidate_model);
  request.set_alpha(options.alpha);
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::CompareEvaluationsResponse reply;
  const grpc::Status status = stub->CompareEvaluations(&context, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
    return kExitOk;
  }
  for (const std::string& decision : reply.decisions()) {
    session.streams.out << OneLine(decision) << "\n";
  }
  for (const std::string& difference : reply.differences()) {
    session.streams.out << "not the same in both: " << OneLine(difference) << "\n";
  }
  session.streams.out << "\n" << ComparisonTable(reply.comparisons()) << std::flush;
  return kExitOk;
}

}  // namespace assay::client
