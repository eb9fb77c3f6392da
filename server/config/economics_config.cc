// Reads `evaluation.economics` of assayd.yaml.
#include "server/config/economics_config.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "evaluator/economics/economics.h"
#include "evaluator/economics/price_table.h"
#include "server/config/config_path.h"

namespace assay::server {
namespace {

evaluator::HostedPrice ReadHostedPrice(YamlMap map, const std::filesystem::path& folder) {
  const std::string path = map.String("price_table", "");
  const std::string name = map.String("compare_with", "");
  if (path.empty() && name.empty()) return {};
  absl::StatusOr<evaluator::PriceTable> table =
      path.empty() ? evaluator::BuiltInPriceTable()
                   : evaluator::LoadPriceTable(ResolvePath(folder, path));
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
    map.Error("api_usd_per_request", "cannot be combined with compare_with; set one of them");
  }
  return *std::move(price);
}

}  // namespace

evaluator::EconomicsInputs ReadEconomics(YamlMap map, const std::filesystem::path& folder) {
  evaluator::EconomicsInputs inputs;
  for (const evaluator::EconomicsNumber& number : evaluator::EconomicsNumbers()) {
    inputs.*number.value = map.Number(number.name, inputs.*number.value, number.min, number.max);
  }
  inputs.requests_per_day = static_cast<int>(
      map.Int("requests_per_day", inputs.requests_per_day, 0, std::numeric_limits<int>::max()));
  inputs.hosted = ReadHostedPrice(map, folder);
  return inputs;
}

}  // namespace assay::server
