// evaluation.economics.
#include "server/economics_config.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "evaluator/price_table.h"

namespace assay::server {
namespace {

constexpr double kHighestMoney = 1e9;
constexpr double kHighestWatts = 1e9;
constexpr double kHoursPerDay = 24;
constexpr double kLongestLife = 100;
constexpr double kShortest = 0.001;
constexpr double kHighestScore = 10;
constexpr double kMostMinutes = 1e6;
constexpr double kMostLeads = 1e6;
constexpr double kMostGigabytes = 1e6;

evaluator::HostedPrice ReadHostedPrice(YamlMap map, const std::filesystem::path& folder) {
  const std::string path = map.String("price_table", "");
  const std::string name = map.String("compare_with", "");
  if (path.empty() && name.empty()) return {};
  absl::StatusOr<evaluator::PriceTable> table =
      path.empty() ? evaluator::BuiltInPriceTable()
                   : evaluator::LoadPriceTable((folder / path).lexically_normal().string());
  if (!table.ok()) {
    map.Error("price_table", std::string(table.status().message()));
    return {};
  }
  if (name.empty()) return {};
  absl::StatusOr<evaluator::HostedPrice> price = table->Find(name);
  if (!price.ok()) {
    map.Error("compare_with", std::string(price.status().message()));
    return {};
  }
  if (map.Has("api_usd_per_request")) {
    map.Error("api_usd_per_request", "stands beside compare_with; give one of them");
  }
  return *std::move(price);
}

}  // namespace

evaluator::EconomicsInputs ReadEconomics(YamlMap map, const std::filesystem::path& folder) {
  evaluator::EconomicsInputs inputs;
  const auto read = [&map](const char* key, double& value, double highest, double lowest = 0) {
    value = map.Number(key, value, lowest, highest);
  };
  read("power_watts", inputs.power_watts, kHighestWatts);
  read("electricity_usd_per_kwh", inputs.electricity_usd_per_kwh, kHighestMoney);
  read("api_usd_per_request", inputs.api_usd_per_request, kHighestMoney);
  read("value_usd_per_piece", inputs.value_usd_per_piece, kHighestMoney);
  inputs.requests_per_day = static_cast<int>(
      map.Int("requests_per_day", inputs.requests_per_day, 0, std::numeric_limits<int>::max()));
  inputs.hosted = ReadHostedPrice(map, folder);
  read("hardware_usd", inputs.hardware_usd, kHighestMoney);
  read("hardware_years", inputs.hardware_years, kLongestLife, kShortest);
  read("busy_hours_per_day", inputs.busy_hours_per_day, kHoursPerDay, kShortest);
  read("human_usd_per_piece", inputs.human_usd_per_piece, kHighestMoney);
  read("human_minutes_per_piece", inputs.human_minutes_per_piece, kMostMinutes);
  read("human_usd_per_hour", inputs.human_usd_per_hour, kHighestMoney);
  read("review_minutes_per_piece", inputs.review_minutes_per_piece, kMostMinutes);
  read("acceptance_threshold", inputs.acceptance_threshold, kHighestScore);
  read("leads_per_1000_pieces", inputs.leads_per_1000_pieces, kMostLeads);
  read("usd_per_lead", inputs.usd_per_lead, kHighestMoney);
  read("idle_power_watts", inputs.idle_power_watts, kHighestWatts);
  read("idle_hours_per_day", inputs.idle_hours_per_day, kHoursPerDay);
  read("machine_memory_gb", inputs.machine_memory_gb, kMostGigabytes);
  return inputs;
}

}  // namespace assay::server
