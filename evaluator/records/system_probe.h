// What the machine as a whole is doing.
#ifndef ASSAY_EVALUATOR_RECORDS_SYSTEM_PROBE_H_
#define ASSAY_EVALUATOR_RECORDS_SYSTEM_PROBE_H_

#include <map>
#include <string>

namespace assay::evaluator {

// Thread-safe. A look costs well below a millisecond.
class SystemProbe {
 public:
  virtual ~SystemProbe() = default;
  // By MLflow's names of system metrics ("cpu_utilization_percentage"); shares of time are since
  // the last call. What the machine does not say is left out.
  virtual std::map<std::string, double> Read() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_SYSTEM_PROBE_H_
