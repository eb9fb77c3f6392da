// Energy of NVIDIA's GPUs, counted by themselves (NVML).
#ifndef ASSAY_SERVER_ENERGY_NVML_METER_H_
#define ASSAY_SERVER_ENERGY_NVML_METER_H_

#include <memory>
#include <string>

#include "evaluator/records/energy.h"

namespace assay::server {

// Sums nvmlDeviceGetTotalEnergyConsumption (Volta and later) over all devices that offer it; source
// "nvml". `library` is loaded when this is called, so that nothing of NVIDIA's is needed to build
// or to start; nullptr where it or one of its functions is missing, or no device counts. A device
// that fails later adds nothing. The drivers renew their counters some ten times a second.
std::unique_ptr<evaluator::EnergyMeter> MakeNvmlMeter(
    const std::string& library = "libnvidia-ml.so.1");

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_NVML_METER_H_
