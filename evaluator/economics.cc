// Cost, savings and return of a request.
#include "evaluator/economics.h"

#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

constexpr double kSecondsPerHour = 3600.0;
constexpr double kMinutesPerHour = 60.0;
constexpr double kHoursPerDay = 24.0;
constexpr double kHighestScore = 10.0;
constexpr double kUnbounded = std::numeric_limits<double>::infinity();

struct InputCheck {
  const char* name;
  double value;
  double highest = kUnbounded;
  // A divisor: 0 is refused.
  bool above_zero = false;
};

absl::Status CheckInput(const InputCheck& check) {
  const bool low = check.above_zero ? check.value > 0 : check.value >= 0;
  if (std::isfinite(check.value) && low && check.value <= check.highest) return absl::OkStatus();
  const std::string allowed =
      absl::StrCat(check.above_zero ? "above 0" : "that is not negative",
                   std::isfinite(check.highest) ? absl::StrCat(", at most ", check.highest) : "");
  return absl::InvalidArgumentError(absl::StrCat("economics: ", check.name, " is ", check.value,
                                                 "; give a finite number ", allowed));
}

}  // namespace

absl::Status Validate(const EconomicsInputs& inputs) {
  const std::array checks = {
      InputCheck{"power_watts", inputs.power_watts},
      InputCheck{"electricity_usd_per_kwh", inputs.electricity_usd_per_kwh},
      InputCheck{"api_usd_per_request", inputs.api_usd_per_request},
      InputCheck{"value_usd_per_piece", inputs.value_usd_per_piece},
      InputCheck{"requests_per_day", static_cast<double>(inputs.requests_per_day)},
      InputCheck{"hosted.usd_per_million_input_tokens", inputs.hosted.usd_per_million_input_tokens},
      InputCheck{"hosted.usd_per_million_output_tokens",
                 inputs.hosted.usd_per_million_output_tokens},
      InputCheck{"hosted.usd_per_request", inputs.hosted.usd_per_request},
      InputCheck{"hardware_usd", inputs.hardware_usd},
      InputCheck{"hardware_years", inputs.hardware_years, kUnbounded, /*above_zero=*/true},
      InputCheck{"busy_hours_per_day", inputs.busy_hours_per_day, kHoursPerDay,
                 /*above_zero=*/true},
      InputCheck{"human_usd_per_piece", inputs.human_usd_per_piece},
      InputCheck{"human_minutes_per_piece", inputs.human_minutes_per_piece},
      InputCheck{"human_usd_per_hour", inputs.human_usd_per_hour},
      InputCheck{"review_minutes_per_piece", inputs.review_minutes_per_piece},
      InputCheck{"acceptance_threshold", inputs.acceptance_threshold, kHighestScore},
      InputCheck{"leads_per_1000_pieces", inputs.leads_per_1000_pieces},
      InputCheck{"usd_per_lead", inputs.usd_per_lead},
      InputCheck{"idle_power_watts", inputs.idle_power_watts},
      InputCheck{"idle_hours_per_day", inputs.idle_hours_per_day, kHoursPerDay},
      InputCheck{"machine_memory_gb", inputs.machine_memory_gb}};
  for (const InputCheck& check : checks) {
    if (absl::Status s = CheckInput(check); !s.ok()) return s;
  }
  return absl::OkStatus();
}

Energy StatedEnergy(const EconomicsInputs& inputs, absl::Duration busy) {
  return {.joules = inputs.power_watts * absl::ToDoubleSeconds(busy), .source = "stated"};
}

double HardwareUsdPerBusySecond(const EconomicsInputs& inputs) {
  return inputs.hardware_usd /
         (inputs.hardware_years * kDaysPerYear * inputs.busy_hours_per_day * kSecondsPerHour);
}

double RequestCost(const EconomicsInputs& inputs, const Energy& energy, absl::Duration busy) {
  return energy.joules / kJoulesPerKwh * inputs.electricity_usd_per_kwh +
         HardwareUsdPerBusySecond(inputs) * absl::ToDoubleSeconds(busy);
}

double RequestCost(const EconomicsInputs& inputs, absl::Duration busy) {
  return RequestCost(inputs, StatedEnergy(inputs, busy), busy);
}

double HostedUsd(const EconomicsInputs& inputs, double prompt_tokens, double completion_tokens) {
  const HostedPrice& hosted = inputs.hosted;
  if (hosted.name.empty()) return inputs.api_usd_per_request;
  return hosted.usd_per_request + (prompt_tokens * hosted.usd_per_million_input_tokens +
                                   completion_tokens * hosted.usd_per_million_output_tokens) /
                                      kTokensPerPrice;
}

double HumanUsdPerPiece(const EconomicsInputs& inputs) {
  if (inputs.human_usd_per_piece > 0) return inputs.human_usd_per_piece;
  return inputs.human_minutes_per_piece / kMinutesPerHour * inputs.human_usd_per_hour;
}

double PieceValue(const EconomicsInputs& inputs, double hosted_usd) {
  if (inputs.value_usd_per_piece > 0) return inputs.value_usd_per_piece;
  const double human = HumanUsdPerPiece(inputs);
  return human > 0 ? human : hosted_usd;
}

Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request,
                           double hosted_usd) {
  const double value = PieceValue(inputs, hosted_usd);
  Economics result{};
  result.cost_usd_per_request = cost_usd_per_request;
  result.savings_usd_per_request = hosted_usd - cost_usd_per_request;
  result.savings_ratio = hosted_usd > 0 ? result.savings_usd_per_request / hosted_usd : 0;
  result.savings_usd_per_day = result.savings_usd_per_request * inputs.requests_per_day;
  result.savings_usd_per_year = result.savings_usd_per_day * kDaysPerYear;
  result.roi_per_piece =
      cost_usd_per_request > 0 ? (value - cost_usd_per_request) / cost_usd_per_request : 0;
  return result;
}

Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request) {
  return ComputeEconomics(inputs, cost_usd_per_request, inputs.api_usd_per_request);
}

}  // namespace assay::evaluator
