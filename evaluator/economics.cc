// Cost, savings and return of a request.
#include "evaluator/economics.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::evaluator {
namespace {

constexpr double kWattsPerKilowatt = 1000.0;
constexpr double kDaysPerYear = 365.0;

absl::Status CheckInput(absl::string_view name, double value) {
  if (std::isfinite(value) && value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("economics: ", name, " is ", value,
                                                 "; give a finite number that is not negative"));
}

}  // namespace

absl::Status Validate(const EconomicsInputs& inputs) {
  if (absl::Status s = CheckInput("power_watts", inputs.power_watts); !s.ok()) return s;
  if (absl::Status s = CheckInput("electricity_usd_per_kwh", inputs.electricity_usd_per_kwh);
      !s.ok()) {
    return s;
  }
  if (absl::Status s = CheckInput("api_usd_per_request", inputs.api_usd_per_request); !s.ok()) {
    return s;
  }
  if (absl::Status s = CheckInput("value_usd_per_piece", inputs.value_usd_per_piece); !s.ok()) {
    return s;
  }
  return CheckInput("requests_per_day", inputs.requests_per_day);
}

double RequestCost(const EconomicsInputs& inputs, absl::Duration busy) {
  return inputs.power_watts / kWattsPerKilowatt * absl::ToDoubleHours(busy) *
         inputs.electricity_usd_per_kwh;
}

Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request) {
  const double price = inputs.api_usd_per_request;
  const double value = inputs.value_usd_per_piece > 0 ? inputs.value_usd_per_piece : price;
  Economics result{};
  result.cost_usd_per_request = cost_usd_per_request;
  result.savings_usd_per_request = price - cost_usd_per_request;
  result.savings_ratio = price > 0 ? result.savings_usd_per_request / price : 0;
  result.savings_usd_per_day = result.savings_usd_per_request * inputs.requests_per_day;
  result.savings_usd_per_year = result.savings_usd_per_day * kDaysPerYear;
  result.roi_per_piece =
      cost_usd_per_request > 0 ? (value - cost_usd_per_request) / cost_usd_per_request : 0;
  return result;
}

}  // namespace assay::evaluator
