// Energy of Apple Silicon (CPU, GPU and Neural Engine), as macOS's powermetrics estimates it.
#ifndef ASSAY_SERVER_ENERGY_POWERMETRICS_METER_H_
#define ASSAY_SERVER_ENERGY_POWERMETRICS_METER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "evaluator/records/energy.h"

namespace assay::server {

// Turns the lines of powermetrics' text output into joules. Not thread-safe.
class PowermetricsReader {
 public:
  // "*** Sampled system activity (...) (203.06ms elapsed) ***" begins a report; its line
  // "Combined Power (CPU + GPU + ANE): 1234 mW" ends it: the report's joules. nullopt for any other
  // line, for a report without its time, and for figures that cannot be.
  std::optional<double> Line(std::string_view line);
  // Of the last report.
  double watts() const { return watts_; }

 private:
  std::optional<double> elapsed_seconds_;
  double watts_ = 0;
};

// Runs `program` as `program --samplers cpu_power -i 200` and adds up its reports; between two it
// goes on with the last one's power. Source "powermetrics". The program needs the superuser's
// rights. Waits up to 3 s for its first report; nullptr if there is none. The child is ended with
// the meter; if it ends by itself, the meter stands still.
//
// Tested against a script that prints what powermetrics does; never run on a Mac.
std::unique_ptr<evaluator::EnergyMeter> MakePowermetricsMeter(
    const std::string& program = "/usr/bin/powermetrics");

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_POWERMETRICS_METER_H_
