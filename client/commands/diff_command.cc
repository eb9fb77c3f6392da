// assay evaluations diff.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "base/status_macros.h"
#include "client/commands/commands.h"
#include "client/terminal/text_diff.h"

namespace assay::client {
namespace {

using Stub = v1::EvaluationService::Stub;

std::vector<std::string> CandidatesOf(const v1::Evaluation& evaluation) {
  std::vector<std::string> names;
  for (const v1::SampleResult& sample : evaluation.samples()) {
    if (std::find(names.begin(), names.end(), sample.model()) == names.end()) {
      names.push_back(sample.model());
    }
  }
  return names;
}

// Returns the two candidates: those that the user named, or the only two, the baseline first.
absl::StatusOr<std::vector<std::string>> ChooseCandidates(const v1::Evaluation& evaluation,
                                                          const DiffOptions& options) {
  std::vector<std::string> names = options.candidates;
  const std::string& baseline = evaluation.analysis().baseline();
  if (names.empty()) {
    names = CandidatesOf(evaluation);
    std::stable_partition(names.begin(), names.end(),
                          [&](const std::string& name) { return name == baseline; });
  } else if (names.size() == 1 && names.front() != baseline && !baseline.empty()) {
    names.insert(names.begin(), baseline);
  }
  if (names.size() == 2) return names;
  return absl::InvalidArgumentError(
      absl::StrCat("--candidate: give two of ", absl::StrJoin(CandidatesOf(evaluation), ", ")));
}

absl::StatusOr<const v1::SampleResult*> FindSample(const v1::Evaluation& evaluation,
                                                   const std::string& candidate,
                                                   const DiffOptions& options) {
  bool known_prompt = false;
  for (const v1::SampleResult& sample : evaluation.samples()) {
    if (sample.prompt_id() != options.prompt) continue;
    known_prompt = true;
    if (sample.model() == candidate && sample.repeat() == options.repeat) return &sample;
  }
  if (!known_prompt) {
    return absl::InvalidArgumentError(
        absl::StrCat("--prompt: ", evaluation.id(), " has no samples of a prompt '", options.prompt,
                     "'; `assay evaluations compare ", evaluation.id(), " ", evaluation.id(),
                     " --prompts` lists the ids"));
  }
  return absl::InvalidArgumentError(absl::StrCat("--candidate: ", evaluation.id(),
                                                 " has no sample ", options.repeat, " of '",
                                                 candidate, "' for ", options.prompt));
}

std::string TitleOf(const v1::SampleResult& sample) {
  std::string title = OneLine(sample.model());
  if (sample.has_quality_score()) absl::StrAppendFormat(&title, ", %.2f", sample.quality_score());
  return title;
}

std::string TextOf(const v1::SampleResult& sample) {
  if (!sample.error().empty()) return "failed: " + OneLine(sample.error());
  return TerminalFilter().Filter(sample.text());
}

absl::Status WriteDiff(const v1::Evaluation& evaluation, const Session& session) {
  const DiffOptions& options = session.arguments.diff;
  const Streams& streams = session.streams;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ChooseCandidates(evaluation, options));
  ASSIGN_OR_RETURN(const v1::SampleResult* a, FindSample(evaluation, names[0], options));
  ASSIGN_OR_RETURN(const v1::SampleResult* b, FindSample(evaluation, names[1], options));
  if (session.arguments.json) {
    WriteJson(*a, streams);
    WriteJson(*b, streams);
    return absl::OkStatus();
  }
  if (!options.words) {
    streams.out << SideBySide(TitleOf(*a), TextOf(*a), TitleOf(*b), TextOf(*b), streams.width)
                << std::flush;
    return absl::OkStatus();
  }
  const bool color = streams.out_is_terminal && streams.color;
  const std::vector<DiffPiece> titles = {{.kind = DiffKind::kRemoved, .words = {TitleOf(*a)}},
                                         {.kind = DiffKind::kAdded, .words = {TitleOf(*b)}}};
  streams.out << WordDiffText(titles, color) << "\n"
              << WordDiffText(WordDiff(TextOf(*a), TextOf(*b)), color) << std::flush;
  return absl::OkStatus();
}

}  // namespace

int DiffEvaluation(const Session& session) {
  v1::GetEvaluationRequest request;
  request.set_id(session.arguments.id);
  request.set_include_samples(true);
  v1::Evaluation evaluation;
  const grpc::Status status = Call(session.connection, &Stub::GetEvaluation, request, &evaluation);
  if (!status.ok()) return session.connection.ReportFailure(status);
  const absl::Status written = WriteDiff(evaluation, session);
  return written.ok() ? kExitOk : ReportUsageError(session, written);
}

}  // namespace assay::client
