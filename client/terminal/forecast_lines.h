// The forecast of an evaluation as text.
#ifndef ASSAY_CLIENT_TERMINAL_FORECAST_LINES_H_
#define ASSAY_CLIENT_TERMINAL_FORECAST_LINES_H_

#include <string>

#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// What the evaluation can detect as a table, then its size, time, cost and what these rest on.
std::string ForecastLines(const v1::EvaluationForecast& forecast);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_FORECAST_LINES_H_
