// Energy of Apple Silicon (CPU, GPU and Neural Engine) as estimated by macOS's powermetrics.
#ifndef ASSAY_SERVER_ENERGY_POWERMETRICS_METER_H_
#define ASSAY_SERVER_ENERGY_POWERMETRICS_METER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "evaluator/records/energy.h"

namespace assay::server {

// Parses the text output of powermetrics line by line into joules. Not thread-safe.
class PowermetricsParser {
 public:
  // Parses the next line. A report starts with "*** Sampled system activity (...) (203.06ms
  // elapsed) ***" and ends with "Combined Power (CPU + GPU + ANE): 1234 mW"; that line returns the
  // joules of the report. Returns nullopt for any other line, for a report without its elapsed time
  // and for implausible values.
  std::optional<double> ParseLine(std::string_view line);
  // The power of the last report.
  double watts() const { return watts_; }

 private:
  std::optional<double> elapsed_seconds_;
  double watts_ = 0;
};

// Returns a meter that runs `program --samplers cpu_power -i 200` and adds up its reports. Between
// two reports it assumes the power of the last one, for at most 400 ms. Its source is
// "powermetrics". The program needs superuser rights. Waits up to 3 s for the first report and
// returns nullptr if there is none. The child process is killed with the meter; if it exits by
// itself, the meter stops counting. The meter is thread-safe.
//
// Tested against a script that prints the same output; never run on a Mac.
std::unique_ptr<evaluator::EnergyMeter> MakePowermetricsMeter(
    const std::string& program = "/usr/bin/powermetrics");

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_POWERMETRICS_METER_H_
