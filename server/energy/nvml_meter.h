// Energy of NVIDIA GPUs from their own counters (NVML).
#ifndef ASSAY_SERVER_ENERGY_NVML_METER_H_
#define ASSAY_SERVER_ENERGY_NVML_METER_H_

#include <memory>
#include <string>

#include "evaluator/records/energy.h"

namespace assay::server {

// Returns a meter that sums nvmlDeviceGetTotalEnergyConsumption (Volta and later) over all devices
// that support it; its source is "nvml". Returns nullptr if `library` or one of its functions is
// missing, or if no device supports the counter. The library is loaded at this call, so neither the
// build nor the start needs any NVIDIA software. A device that fails later adds nothing. Drivers
// update the counters about ten times per second. The meter is thread-safe.
std::unique_ptr<evaluator::EnergyMeter> MakeNvmlMeter(
    const std::string& library = "libnvidia-ml.so.1");

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_NVML_METER_H_
