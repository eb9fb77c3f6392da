// What a generation's electricity is.
#ifndef ASSAY_EVALUATOR_RECORDS_ENERGY_H_
#define ASSAY_EVALUATOR_RECORDS_ENERGY_H_

#include <memory>
#include <string>

namespace assay::evaluator {

struct Energy {
  double joules = 0;
  // Where the figure is from: "rapl", "nvml", "rapl+nvml", "powermetrics", or "stated" (watts x
  // busy time). Empty = not known.
  std::string source;
};

// Counts the machine's energy between two looks: all that ran on it meanwhile, and what it draws
// when idle. Thread-safe; a look takes microseconds, milliseconds with NVML.
class EnergyMeter {
 public:
  virtual ~EnergyMeter() = default;
  // Joules since some fixed moment; never falls (counters that wrap are unwrapped).
  virtual double Joules() = 0;
  virtual std::string source() const = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ENERGY_H_
