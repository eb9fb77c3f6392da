// The cost of a request and its savings. Each function documents its formula; the inputs are also
// parameters of the tracked run, and economics_report.h prints formulas and inputs. All functions
// are cheap and thread-safe.
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
// Hosted prices are per million tokens.
inline constexpr double kTokensPerPrice = 1e6;
inline constexpr double kDaysPerYear = 365.0;

// Describes one number of EconomicsInputs: its name in configurations, plans and messages, and its
// allowed range.
struct EconomicsNumber {
  std::string_view name;
  double EconomicsInputs::* value;
  double min = 0;
  double max = 0;
};

// Returns all numbers except requests_per_day, which is an integer, and the hosted price.
std::span<const EconomicsNumber> EconomicsNumbers();

// The cost, savings and return of a request. The savings are relative to a hosted API.
struct Economics {
  double cost_usd_per_request;
  double savings_usd_per_request;
  // 1 - cost / API price. 0 if the price is 0.
  double savings_ratio;
  double savings_usd_per_day;
  // For 365 days.
  double savings_usd_per_year;
  // (value - cost) / cost. 0 if the cost is 0; never infinite.
  double roi_per_piece;
};

// Returns INVALID_ARGUMENT with the name and value of an input that is not finite or out of range.
absl::Status Validate(const EconomicsInputs& inputs);

// Returns power_watts x busy, with source "stated".
Energy StatedEnergy(const EconomicsInputs& inputs, absl::Duration busy);

// Returns hardware_usd / (hardware_years x 365 x busy_hours_per_day x 3600).
double HardwareUsdPerBusySecond(const EconomicsInputs& inputs);

// Returns the cost of a request in USD: electricity (joules / 3.6e6 x electricity_usd_per_kwh) plus
// HardwareUsdPerBusySecond() x the busy seconds.
double RequestCost(const EconomicsInputs& inputs, const Energy& energy, absl::Duration busy);
// Returns the same with StatedEnergy().
double RequestCost(const EconomicsInputs& inputs, absl::Duration busy);

// Returns the price in USD of a request with these numbers of tokens to the hosted API.
double HostedUsd(const EconomicsInputs& inputs, double prompt_tokens, double completion_tokens);

// Returns human_usd_per_piece if stated, else human_minutes_per_piece / 60 x human_usd_per_hour. 0
// if neither is stated.
double HumanUsdPerPiece(const EconomicsInputs& inputs);

// Returns the first of value_usd_per_piece, HumanUsdPerPiece() and `hosted_usd` that is above 0.
double PieceValue(const EconomicsInputs& inputs, double hosted_usd);

// Computes the savings relative to `hosted_usd`, the price of the same request to the hosted API.
Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request,
                           double hosted_usd);
// Computes the savings relative to api_usd_per_request.
Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_ECONOMICS_H_
