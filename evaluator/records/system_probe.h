// The interface to the metrics of the machine as a whole.
#ifndef ASSAY_EVALUATOR_RECORDS_SYSTEM_PROBE_H_
#define ASSAY_EVALUATOR_RECORDS_SYSTEM_PROBE_H_

#include <map>
#include <string>

namespace assay::evaluator {

// Reads the utilization of the machine. Thread-safe. A reading takes well below a millisecond.
class SystemProbe {
 public:
  virtual ~SystemProbe() = default;
  // Returns values by MLflow's names of system metrics ("cpu_utilization_percentage"). Utilizations
  // cover the time since the last call. Metrics that the machine does not provide are absent.
  virtual std::map<std::string, double> Read() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_SYSTEM_PROBE_H_
