// The prices, powers and values that an evaluation's costs and savings are computed from.
#ifndef ASSAY_EVALUATOR_RECORDS_ECONOMICS_INPUTS_H_
#define ASSAY_EVALUATOR_RECORDS_ECONOMICS_INPUTS_H_

#include <string>

namespace assay::evaluator {

// What a hosted API charges for a request: usd_per_request, and its tokens at their prices.
struct HostedPrice {
  // Of an entry of the price table; empty = no entry: EconomicsInputs::api_usd_per_request counts.
  std::string name;
  // The table's date, YYYY-MM-DD.
  std::string as_of;
  double usd_per_million_input_tokens = 0;
  double usd_per_million_output_tokens = 0;
  double usd_per_request = 0;
};

// Defaults reproduce the original system's $0.0000017 for its 2.031 s request. What is 0 by default
// is not counted until it is stated. Nothing here is measured.
struct EconomicsInputs {
  // Power of the machine above idle while it generates, watts; counts where no meter does.
  double power_watts = 20.0;
  // USD a kWh.
  double electricity_usd_per_kwh = 0.15;
  // What the hosted API charges for one such request, USD, where `hosted` has no name.
  double api_usd_per_request = 0.000150;
  // Value of one piece, USD; 0 = what a person costs for it where that is stated, else what the
  // hosted API would have charged.
  double value_usd_per_piece = 0.0;
  int requests_per_day = 1000;

  HostedPrice hosted;

  // Price of the machine, written off evenly over the seconds in which it generates.
  double hardware_usd = 0;
  double hardware_years = 3;
  double busy_hours_per_day = 8;

  // What a person costs who writes the piece; 0 = human_minutes_per_piece at human_usd_per_hour.
  double human_usd_per_piece = 0;
  double human_minutes_per_piece = 0;
  double human_usd_per_hour = 0;
  // Reading one piece, accepted or not, at human_usd_per_hour.
  double review_minutes_per_piece = 0;
  // A piece with this quality score or more is accepted.
  double acceptance_threshold = 7;

  double leads_per_1000_pieces = 0;
  double usd_per_lead = 0;

  // Of the machine while models wait in memory.
  double idle_power_watts = 0;
  double idle_hours_per_day = 24;
  // 0 = what the deployed models take together.
  double machine_memory_gb = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ECONOMICS_INPUTS_H_
