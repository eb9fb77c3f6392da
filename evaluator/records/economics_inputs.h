// The prices, powers and values from which an evaluation's costs and savings are computed.
#ifndef ASSAY_EVALUATOR_RECORDS_ECONOMICS_INPUTS_H_
#define ASSAY_EVALUATOR_RECORDS_ECONOMICS_INPUTS_H_

#include <string>

namespace assay::evaluator {

// The price of a request to a hosted API: usd_per_request plus the prices of its tokens.
struct HostedPrice {
  // The name of the price table's entry. If it is empty, there is no entry, and
  // EconomicsInputs::api_usd_per_request is the price.
  std::string name;
  // The date of the price table, YYYY-MM-DD.
  std::string as_of;
  double usd_per_million_input_tokens = 0;
  double usd_per_million_output_tokens = 0;
  double usd_per_request = 0;
};

// All inputs are stated by the user; none is measured. The defaults reproduce the original system's
// $0.0000017 for its request of 2.031 s. An input that is 0 by default is not counted until it is
// stated.
struct EconomicsInputs {
  // The power that the machine draws above idle while it generates, in watts. Used if there is no
  // energy meter.
  double power_watts = 20.0;
  double electricity_usd_per_kwh = 0.15;
  // The price of one such request to a hosted API, in USD. Used if `hosted` has no name.
  double api_usd_per_request = 0.000150;
  // The value of one piece, in USD. 0 means the cost of a person writing it, if stated, otherwise
  // the hosted API's price.
  double value_usd_per_piece = 0.0;
  int requests_per_day = 1000;

  HostedPrice hosted;

  // The price of the machine in USD. It is written off evenly over the seconds in which the machine
  // generates.
  double hardware_usd = 0;
  double hardware_years = 3;
  double busy_hours_per_day = 8;

  // The cost of a person writing one piece, in USD. 0 means human_minutes_per_piece at
  // human_usd_per_hour.
  double human_usd_per_piece = 0;
  double human_minutes_per_piece = 0;
  double human_usd_per_hour = 0;
  // The time a person needs to review one piece, accepted or not, paid at human_usd_per_hour.
  double review_minutes_per_piece = 0;
  // A piece is accepted if its quality score, 0 to 10, is at least this.
  double acceptance_threshold = 7;

  double leads_per_1000_pieces = 0;
  double usd_per_lead = 0;

  // The power that the machine draws while models wait in memory, in watts.
  double idle_power_watts = 0;
  double idle_hours_per_day = 24;
  // The memory of the machine, in units of 1e9 bytes. 0 means the sum of the deployed models.
  double machine_memory_gb = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ECONOMICS_INPUTS_H_
