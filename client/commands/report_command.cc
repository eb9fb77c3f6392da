// assay evaluations report, compare and gate.
#include <array>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "base/whole_file.h"
#include "client/commands/commands.h"
#include "client/commands/evaluation_reports.h"
#include "client/commands/evaluation_request.h"
#include "client/terminal/comparison_table.h"

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

constexpr int kShownPrompts = 10;

void WriteComparison(const v1::CompareEvaluationsResponse& reply, std::ostream& out) {
  out << AdviceLines(reply.advice());
  for (const std::string& decision : reply.decisions()) out << OneLine(decision) << "\n";
  for (const std::string& difference : reply.differences()) {
    out << "the evaluations differ: " << OneLine(difference) << "\n";
  }
  const std::string table = ComparisonTable(reply.comparisons());
  out << "\n" << table << TooFewNote(table);
  if (!reply.prompts().empty()) out << "\n" << PromptTable(reply.prompts(), kShownPrompts);
  if (reply.has_gate()) out << "\n" << GateLines(reply.gate());
  out << std::flush;
}

int GateExitCode(const v1::GateResult& result) {
  if (result.passed()) return kExitOk;
  return result.outcome() == v1::GATE_OUTCOME_UNDECIDED ? kExitUndecided : kExitGate;
}

}  // namespace

absl::StatusOr<v1::ReportFormat> ReportFormatOf(const std::string& name, const std::string& path) {
  for (const FormatName& format : kFormats) {
    if (name == format.name) return format.format;
  }
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension.empty()) return v1::REPORT_FORMAT_MARKDOWN;
  for (const FormatName& format : kFormats) {
    if (extension == format.extension) return format.format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", path, "': no report format has the extension ", extension,
                   "; the extensions are .md, .html, .json, .jsonl and .csv"));
}

int WriteReport(const Session& session, const std::string& id, const ReportOptions& options) {
  const absl::StatusOr<v1::ReportFormat> format = ReportFormatOf(options.format, options.output);
  if (!format.ok()) {
    return ReportUsageError(session, absl::InvalidArgumentError(absl::StrCat(
                                         format.status().message(), "; or give --format")));
  }
  v1::GetReportRequest request;
  request.set_id(id);
  request.set_format(*format);
  std::string document;
  const grpc::Status status =
      CallStream(session.connection, &Stub::GetReport, request,
                 [&document](const v1::ReportChunk& chunk) { document += chunk.data(); });
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (options.output.empty()) {
    session.streams.out << document << std::flush;
    return kExitOk;
  }
  if (absl::Status written = WriteWholeFile(options.output, document, kPublicFile); !written.ok()) {
    session.streams.err << "assay: " << OneLine(std::string(written.message())) << "\n";
    return kExitFailed;
  }
  session.streams.err << "report: " << OneLine(options.output) << "\n";
  return kExitOk;
}

int CheckGate(const Session& session, const std::string& id, const std::string& gate) {
  v1::CheckGateRequest request;
  request.set_id(id);
  request.set_gate(gate);
  v1::GateResult result;
  const grpc::Status status = Call(session.connection, &Stub::CheckGate, request, &result);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(result, session.streams);
  } else {
    session.streams.out << GateLines(result) << std::flush;
  }
  return GateExitCode(result);
}

int ReportEvaluation(const Session& session) {
  return WriteReport(session, session.arguments.id, session.arguments.report);
}

int GateEvaluation(const Session& session) {
  return CheckGate(session, session.arguments.id, session.arguments.evaluate.gate);
}

int CompareEvaluations(const Session& session) {
  const CompareOptions& options = session.arguments.compare;
  v1::CompareEvaluationsRequest request;
  request.set_baseline_id(options.baseline);
  request.set_candidate_id(options.candidate);
  request.set_baseline_model(options.baseline_model);
  request.set_candidate_model(options.candidate_model);
  request.set_alpha(options.alpha);
  request.set_failures(FailurePolicyOf(options.failures));
  request.set_gate(options.gate);
  request.set_include_prompts(options.prompts);
  v1::GateResult gate;
  const int code = CallAndPrint(session, &Stub::CompareEvaluations, request,
                                [&](const v1::CompareEvaluationsResponse& reply) {
                                  gate = reply.gate();
                                  WriteComparison(reply, session.streams.out);
                                });
  return code != kExitOk || options.gate.empty() ? code : GateExitCode(gate);
}

}  // namespace assay::client
