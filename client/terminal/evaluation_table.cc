// Formats the result table and the list of evaluations.
#include "client/terminal/evaluation_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumberColumn = 2;

std::string Mean(const v1::Estimate& estimate, int decimals) {
  if (estimate.n() == 0) return "-";
  return absl::StrFormat("%.*f", decimals, estimate.mean());
}

std::string Interval(const v1::Estimate& estimate) {
  if (!estimate.too_few().empty()) return kTooFewMark;
  // The server sends no interval for a single prompt.
  if (!estimate.has_ci_low() || !estimate.has_ci_high()) return "-";
  return absl::StrFormat("%.2f..%.2f", estimate.ci_low(), estimate.ci_high());
}

}  // namespace

std::string EvaluationTable(const v1::Evaluation& evaluation) {
  std::vector<const v1::Summary*> rows;
  std::vector<std::string> models;
  for (const v1::Summary& summary : evaluation.summaries()) {
    rows.push_back(&summary);
    if (std::find(models.begin(), models.end(), summary.model()) == models.end()) {
      models.push_back(summary.model());
    }
  }
  auto rank = [&models](const v1::Summary* s) {
    return std::find(models.begin(), models.end(), s->model()) - models.begin();
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const v1::Summary* a, const v1::Summary* b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return !a->content_type().empty() && b->content_type().empty();
  });
  Table table{.header = {"MODEL", "CONTENT TYPE", "PROMPTS", "SAMPLES", "FAILED", "QUALITY",
                         "95% CI", "LATENCY ms", "FIRST TOKEN ms", "TOK/S", "COST"},
              .first_right = kFirstNumberColumn};
  for (const v1::Summary* s : rows) {
    table.rows.push_back(
        {OneLine(s->model()), s->content_type().empty() ? "all" : OneLine(s->content_type()),
         absl::StrCat(s->latency_ms().n()), absl::StrCat(s->samples()), absl::StrCat(s->failures()),
         Mean(s->quality_score(), 2), Interval(s->quality_score()), Mean(s->latency_ms(), 0),
         Mean(s->first_token_ms(), 0), Mean(s->tokens_per_second(), 1),
         s->cost_usd().n() == 0 ? "-" : FormatUsd(s->cost_usd().mean())});
  }
  return FormatTable(table);
}

std::string EvaluationList(const v1::ListEvaluationsResponse& reply) {
  Table table{.header = {"ID", "STATE", "SAMPLES", "STARTED", "NAME"}};
  for (const v1::Evaluation& e : reply.evaluations()) {
    table.rows.push_back({OneLine(e.id()), StateWord(e.state()),
                          absl::StrCat(e.finished_samples(), "/", e.total_samples()),
                          FormatTime(e.started_at()), OneLine(e.name())});
  }
  return FormatTable(table);
}

std::string StateWord(v1::EvaluationState state) {
  return EnumWord(v1::EvaluationState_Name(state), "EVALUATION_STATE_");
}

}  // namespace assay::client
