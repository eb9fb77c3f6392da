// The energy of a generation, and the interface to the meters that measure it.
#ifndef ASSAY_EVALUATOR_RECORDS_ENERGY_H_
#define ASSAY_EVALUATOR_RECORDS_ENERGY_H_

#include <memory>
#include <string>

namespace assay::evaluator {

struct Energy {
  double joules = 0;
  // The origin of the figure: "rapl", "nvml", "rapl+nvml", "powermetrics" or "stated" (stated watts
  // x busy time). Empty if the energy is unknown.
  std::string source;
};

// Counts the energy of the whole machine. The difference between two readings includes everything
// that ran in between, and the idle power. Thread-safe. A reading takes microseconds; with NVML it
// takes milliseconds.
class EnergyMeter {
 public:
  virtual ~EnergyMeter() = default;
  // Returns the joules consumed since a fixed moment in the past. Never decreases: counters that
  // wrap around are unwrapped.
  virtual double Joules() = 0;
  // Returns the value of Energy::source for this meter.
  virtual std::string source() const = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ENERGY_H_
