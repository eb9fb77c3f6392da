// What a request costs and what it saves. Every figure has its formula here and its inputs in the
// run's parameters; economics_report.h prints both.
#ifndef ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_H_
#define ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/energy.h"

namespace assay::evaluator {

inline constexpr double kJoulesPerKwh = 3.6e6;
inline constexpr double kTokensPerPrice = 1e6;
inline constexpr double kDaysPerYear = 365.0;

// One of EconomicsInputs' numbers: its name as configurations, plans and messages have it, and what
// is allowed.
struct EconomicsNumber {
  std::string_view name;
  double EconomicsInputs::* value;
  double lowest = 0;
  double highest = 0;
};

// All of them but requests_per_day, which is whole, and the hosted price.
std::span<const EconomicsNumber> EconomicsNumbers();

struct Economics {
  double cost_usd_per_request;
  double savings_usd_per_request;
  // 1 - cost / API price; 0 where the price is 0.
  double savings_ratio;
  double savings_usd_per_day;
  // 365 days.
  double savings_usd_per_year;
  // (value - cost) / cost; 0 where the cost is 0, never infinite.
  double roi_per_piece;
};

// INVALID_ARGUMENT names the input that is negative, not finite or out of its range.
absl::Status Validate(const EconomicsInputs& inputs);

// power_watts x busy, source "stated".
Energy StatedEnergy(const EconomicsInputs& inputs, absl::Duration busy);

// hardware_usd / (hardware_years x 365 x busy_hours_per_day x 3600).
double HardwareUsdPerBusySecond(const EconomicsInputs& inputs);

// Electricity (joules / 3.6e6 x USD a kWh) and the hardware of the busy seconds.
double RequestCost(const EconomicsInputs& inputs, const Energy& energy, absl::Duration busy);
// With StatedEnergy().
double RequestCost(const EconomicsInputs& inputs, absl::Duration busy);

// What the hosted API would have charged for a request of so many tokens.
double HostedUsd(const EconomicsInputs& inputs, double prompt_tokens, double completion_tokens);

// human_usd_per_piece, else minutes / 60 x USD an hour; 0 = not stated.
double HumanUsdPerPiece(const EconomicsInputs& inputs);

// value_usd_per_piece, else HumanUsdPerPiece(), else `hosted_usd`.
double PieceValue(const EconomicsInputs& inputs, double hosted_usd);

// Against `hosted_usd`, what the API would have charged for the same request.
Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request,
                           double hosted_usd);
// Against api_usd_per_request.
Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_H_
