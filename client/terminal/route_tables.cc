// Formats routes and the explanation of a choice.
#include "client/terminal/route_tables.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumberColumn = 2;
constexpr double kMsPerSecond = 1e3;

std::string Dash(const std::string& text) { return text.empty() ? "-" : OneLine(text); }

std::string ModelsOf(const v1::ContentRoute& route) {
  if (!route.model().empty()) return OneLine(route.model());
  if (route.models().empty()) return "all";
  std::vector<std::string> models;
  for (int i = 0; i < route.models_size(); ++i) {
    const bool weighted = i < route.weights_size();
    models.push_back(absl::StrCat(OneLine(route.models(i)), weighted ? ":" : "",
                                  weighted ? absl::StrCat(route.weights(i)) : ""));
  }
  return absl::StrJoin(models, route.rule() == "fallback" ? " > " : ", ");
}

std::string LimitsOf(const v1::ContentRoute& route) {
  if (!route.has_limits()) return "-";
  const v1::RouteLimits& limits = route.limits();
  std::vector<std::string> words = {
      absl::StrCat(OneLine(limits.scorer()), " n>=", limits.min_samples())};
  if (limits.max_latency_p90_ms() > 0) {
    words.push_back(absl::StrFormat("p90<=%gs", limits.max_latency_p90_ms() / kMsPerSecond));
  }
  if (limits.max_cost_usd() > 0) {
    words.push_back(absl::StrCat("cost<=", FormatUsd(limits.max_cost_usd())));
  }
  if (limits.max_memory_bytes() > 0) {
    words.push_back(absl::StrCat("memory<=", FormatBytes(limits.max_memory_bytes())));
  }
  if (route.explore() > 0) words.push_back(absl::StrFormat("explore %g", route.explore()));
  if (!route.otherwise().empty()) {
    words.push_back(absl::StrCat("otherwise ", OneLine(route.otherwise())));
  }
  return absl::StrJoin(words, ", ");
}

std::vector<std::string> CandidateRow(const v1::RouteCandidate& candidate) {
  const v1::RouteEvidence& evidence = candidate.evidence();
  std::vector<std::string> row = {OneLine(candidate.model()), OneLine(candidate.note())};
  if (candidate.has_evidence()) {
    row.insert(row.end(),
               {absl::StrCat(evidence.samples()), absl::StrFormat("%.2f", evidence.mean()),
                evidence.has_ci_low() && evidence.has_ci_high()
                    ? absl::StrFormat("%.2f..%.2f", evidence.ci_low(), evidence.ci_high())
                    : "-",
                absl::StrFormat("%.0f", evidence.latency_p90_ms()), FormatUsd(evidence.cost_usd()),
                FormatBytes(evidence.resident_bytes()), OneLine(evidence.evaluation_id())});
  } else {
    row.insert(row.end(), {"-", "-", "-", "-", "-", "-", "-"});
  }
  row.push_back(Dash(candidate.revision()));
  return row;
}

}  // namespace

std::string RouteTable(const google::protobuf::RepeatedPtrField<v1::ContentRoute>& routes) {
  Table table{.header = {"CONTENT TYPE", "RULE", "MODELS", "FALLBACK", "EVIDENCE", "ORIGIN"}};
  for (const v1::ContentRoute& route : routes) {
    table.rows.push_back({OneLine(route.content_type()), OneLine(route.rule()), ModelsOf(route),
                          Dash(absl::StrJoin(route.fallback(), " > ")), LimitsOf(route),
                          OneLine(route.origin())});
  }
  return FormatTable(table);
}

std::string ExplanationText(const v1::ExplainRouteResponse& explanation) {
  std::string text =
      absl::StrCat(OneLine(explanation.model()), " (", OneLine(explanation.route().rule()), ")\n",
                   OneLine(explanation.route().reason()), "\n");
  if (!explanation.alternatives().empty()) {
    absl::StrAppend(&text, "if it is down or full: ",
                    OneLine(absl::StrJoin(explanation.alternatives(), ", then ")), "\n");
  }
  if (explanation.candidates().empty()) return text;
  Table table{.header = {"MODEL", "NOTE", "N", "QUALITY", "95% CI", "P90 ms", "COST", "MEMORY",
                         "EVALUATION", "DEPLOYED"},
              .first_right = kFirstNumberColumn};
  for (const v1::RouteCandidate& candidate : explanation.candidates()) {
    table.rows.push_back(CandidateRow(candidate));
  }
  return absl::StrCat(text, "\n", FormatTable(table));
}

}  // namespace assay::client
