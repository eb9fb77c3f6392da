// What a request costs and what it saves. Every figure has its formula here and its inputs in the
// run's parameters.
#ifndef ASSAY_EVALUATOR_ECONOMICS_H_
#define ASSAY_EVALUATOR_ECONOMICS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace assay::evaluator {

// Defaults reproduce the original system's $0.0000017 for its 2.031 s request.
struct EconomicsInputs {
  // Power of the machine above idle while it generates, watts: stated, not measured.
  double power_watts = 20.0;
  // USD a kWh.
  double electricity_usd_per_kwh = 0.15;
  // What the hosted API charges for one such request, USD.
  double api_usd_per_request = 0.000150;
  // Value of one piece, USD; 0 = what the hosted API would have charged.
  double value_usd_per_piece = 0.0;
  int requests_per_day = 1000;
};

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

// INVALID_ARGUMENT names the input that is negative or not finite.
absl::Status Validate(const EconomicsInputs& inputs);

// energy [kWh] x price: watts / 1000 x hours x USD a kWh.
double RequestCost(const EconomicsInputs& inputs, absl::Duration busy);
Economics ComputeEconomics(const EconomicsInputs& inputs, double cost_usd_per_request);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_H_
