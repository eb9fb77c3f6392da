// Formats forecasts.
#include "client/terminal/forecast_lines.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumber = 1;

}  // namespace

std::string ForecastLines(const v1::EvaluationForecast& forecast) {
  std::string lines;
  if (forecast.detectable_size() > 0) {
    Table table{.header = {"CONTENT TYPE", "PROMPTS", "SPREAD", "DETECTABLE", "PROMPTS NEEDED"},
                .first_right = kFirstNumber};
    for (const v1::DetectableDifference& row : forecast.detectable()) {
      table.rows.push_back(
          {row.content_type().empty() ? "all" : OneLine(row.content_type()),
           absl::StrCat(row.prompts()), absl::StrFormat("%.2f", row.deviation()),
           row.has_difference() ? absl::StrFormat("%.2f", row.difference()) : "no test",
           row.prompts_needed() > 0 ? absl::StrCat(row.prompts_needed()) : "-"});
    }
    lines = FormatTable(table);
  }
  absl::StrAppend(&lines, "forecast: ", forecast.samples(), " samples");
  if (forecast.seconds() >= 0) {
    absl::StrAppend(&lines, ", about ", FormatSeconds(forecast.seconds()),
                    absl::StrFormat(", $%.3g", forecast.cost_usd()));
  }
  absl::StrAppend(&lines, "\n");
  for (const std::string& sentence : forecast.basis()) {
    absl::StrAppend(&lines, "  ", OneLine(sentence), "\n");
  }
  return lines;
}

}  // namespace assay::client
