// Prints the result of an evaluation.
#include "client/commands/evaluation_result.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/terminal/comparison_table.h"
#include "client/terminal/evaluation_table.h"
#include "client/terminal/exit_code.h"

namespace assay::client {
namespace {

// Returns the comparisons of quality by content type and over all of them. Empty with one type.
std::string QualityByType(const v1::Analysis& analysis) {
  google::protobuf::RepeatedPtrField<v1::Comparison> quality;
  bool has_types = false;
  for (const v1::Comparison& comparison : analysis.comparisons()) {
    if (comparison.metric() != "quality_score") continue;
    has_types = has_types || !comparison.content_type().empty();
    *quality.Add() = comparison;
  }
  return has_types ? ComparisonTable(quality) : "";
}

}  // namespace

int ExitCodeOf(const v1::Evaluation& evaluation) {
  return evaluation.state() == v1::EVALUATION_STATE_FAILED ||
                 evaluation.state() == v1::EVALUATION_STATE_CANCELLED
             ? kExitFailed
             : kExitOk;
}

void WriteRuns(const v1::Evaluation& evaluation, Streams& streams) {
  for (const v1::MlflowRun& run : evaluation.mlflow_runs()) {
    const std::string subject = run.model().empty() ? "the evaluation" : OneLine(run.model());
    streams.out << "MLflow run of " << subject << ": " << OneLine(run.url()) << "\n";
  }
}

void WriteResult(const v1::Evaluation& evaluation, Streams& streams) {
  streams.out << "evaluation " << OneLine(evaluation.id()) << ": " << StateWord(evaluation.state())
              << ", " << evaluation.finished_samples() << " of " << evaluation.total_samples()
              << " samples\n";
  if (!evaluation.error().empty()) {
    streams.err << "assay: FAILED: " << OneLine(evaluation.error()) << "\n";
  }
  if (evaluation.analysis().has_early_stop()) {
    streams.out << "early stopping: " << OneLine(evaluation.analysis().early_stop().text()) << "\n";
  }
  streams.out << AdviceLines(evaluation.analysis().advice());
  std::string tables;
  if (!evaluation.summaries().empty()) {
    absl::StrAppend(&tables, "\n", EvaluationTable(evaluation));
    if (!evaluation.cost().sentence().empty()) {
      absl::StrAppend(&tables, OneLine(evaluation.cost().sentence()), "\n");
    }
    absl::StrAppend(&tables, "\n");
  }
  if (const std::string ranking = RankingTable(evaluation.analysis()); !ranking.empty()) {
    absl::StrAppend(&tables, ranking, "\n");
  }
  if (const std::string types = QualityByType(evaluation.analysis()); !types.empty()) {
    absl::StrAppend(&tables, types, "\n");
  }
  streams.out << tables << TooFewNote(tables);
  for (const std::string& decision : evaluation.analysis().decisions()) {
    streams.out << OneLine(decision) << "\n";
  }
  streams.out << std::flush;
}

}  // namespace assay::client
