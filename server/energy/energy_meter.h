// Selects the energy meter of this machine.
#ifndef ASSAY_SERVER_ENERGY_ENERGY_METER_H_
#define ASSAY_SERVER_ENERGY_ENERGY_METER_H_

#include <memory>
#include <string>
#include <vector>

#include "evaluator/records/energy.h"

namespace assay::server {

// Where to look for meters. Tests set their own paths; an empty path is not tried.
struct EnergySources {
  // True if the models run on an NVIDIA GPU.
  bool on_nvidia = false;
  std::string powercap = "/sys/class/powercap";
  std::string nvml_library = "libnvidia-ml.so.1";
#ifdef __APPLE__
  std::string powermetrics = "/usr/bin/powermetrics";
#else
  std::string powermetrics;
#endif
};

// Returns the meter of this machine, or nullptr if there is none: RAPL and NVML, added up if both
// exist ("rapl+nvml"); on a Mac powermetrics. NVML alone is used only for models on the GPU, and
// misses the energy of the CPU. Takes milliseconds; with powermetrics up to 3 s.
std::unique_ptr<evaluator::EnergyMeter> FindEnergyMeter(const EnergySources& sources);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_ENERGY_METER_H_
