// The cost, savings and return of a request.
#include "evaluator/economics/economics.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::evaluator {
namespace {

constexpr double kSecondsPerHour = 3600.0;
constexpr double kMinutesPerHour = 60.0;

constexpr double kMaxUsd = 1e9;
constexpr double kMaxWatts = 1e9;
constexpr double kHoursPerDay = 24.0;
constexpr double kMaxYears = 100;
// The minimum of inputs that are divisors.
constexpr double kMinDivisor = 0.001;
constexpr double kMaxScore = 10.0;
constexpr double kMaxMinutes = 1e6;
constexpr double kMaxLeads = 1e6;
constexpr double kMaxGigabytes = 1e6;

constexpr auto kNumbers = std::to_array<EconomicsNumber>({
    {"power_watts", &EconomicsInputs::power_watts, 0, kMaxWatts},
    {"electricity_usd_per_kwh", &EconomicsInputs::electricity_usd_per_kwh, 0, kMaxUsd},
    {"api_usd_per_request", &EconomicsInputs::api_usd_per_request, 0, kMaxUsd},
    {"value_usd_per_piece", &EconomicsInputs::value_usd_per_piece, 0, kMaxUsd},
    {"hardware_usd", &EconomicsInputs::hardware_usd, 0, kMaxUsd},
    {"hardware_years", &EconomicsInputs::hardware_years, kMinDivisor, kMaxYears},
    {"busy_hours_per_day", &EconomicsInputs::busy_hours_per_day, kMinDivisor, kHoursPerDay},
    {"human_usd_per_piece", &EconomicsInputs::human_usd_per_piece, 0, kMaxUsd},
    {"human_minutes_per_piece", &EconomicsInputs::human_minutes_per_piece, 0, kMaxMinutes},
    {"human_usd_per_hour", &EconomicsInputs::human_usd_per_hour, 0, kMaxUsd},
    {"review_minutes_per_piece", &EconomicsInputs::review_minutes_per_piece, 0, kMaxMinutes},
    {"acceptance_threshold", &EconomicsInputs::acceptance_threshold, 0, kMaxScore},
    {"leads_per_1000_pieces", &EconomicsInputs::leads_per_1000_pieces, 0, kMaxLeads},
    {"usd_per_lead", &EconomicsInputs::usd_per_lead, 0, kMaxUsd},
    {"idle_power_watts", &EconomicsInputs::idle_power_watts, 0, kMaxWatts},
    {"idle_hours_per_day", &EconomicsInputs::idle_hours_per_day, 0, kHoursPerDay},
    {"machine_memory_gb", &EconomicsInputs::machine_memory_gb, 0, kMaxGigabytes},
});

absl::Status CheckInput(std::string_view name, double value, double min, double max) {
  if (std::isfinite(value) && value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("economics: ", std::string(name), " is ", value,
                                                 "; give a number from ", min, " to ", max));
}

}  // namespace

std::span<const EconomicsNumber> EconomicsNumbers() { return kNumbers; }

absl::Status Validate(const EconomicsInputs& inputs) {
  for (const EconomicsNumber& number : kNumbers) {
    RETURN_IF_ERROR(CheckInput(number.name, inputs.*number.value, number.min, number.max));
  }
  if (inputs.requests_per_day < 0) {
    return absl::InvalidArgumentError(absl::StrCat("economics: requests_per_day is ",
                                                   inputs.requests_per_day, "; give 0 or more"));
  }
  const HostedPrice& hosted = inputs.hosted;
  for (const double price : {hosted.usd_per_million_input_tokens,
                             hosted.usd_per_million_output_tokens, hosted.usd_per_request}) {
    RETURN_IF_ERROR(CheckInput(absl::StrCat("hosted price ", hosted.name), price, 0, kMaxUsd));
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
