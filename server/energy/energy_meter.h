// Which energy meter this machine has.
#ifndef ASSAY_SERVER_ENERGY_ENERGY_METER_H_
#define ASSAY_SERVER_ENERGY_ENERGY_METER_H_

#include <memory>
#include <string>
#include <vector>

#include "evaluator/records/energy.h"

namespace assay::server {

// Where to look; tests put their own there. Empty = do not look.
struct EnergySources {
  // What the models run on is an NVIDIA GPU.
  bool on_nvidia = false;
  std::string powercap = "/sys/class/powercap";
  std::string nvml_library = "libnvidia-ml.so.1";
#ifdef __APPLE__
  std::string powermetrics = "/usr/bin/powermetrics";
#else
  std::string powermetrics;
#endif
};

// RAPL and NVML, added up where there are both ("rapl+nvml"); on a Mac powermetrics; nullptr where
// nothing can be read. NVML alone counts only for models on the GPU, and lacks the processors'
// share. Takes milliseconds, with powermetrics up to 3 s.
std::unique_ptr<evaluator::EnergyMeter> FindEnergyMeter(const EnergySources& sources);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_ENERGY_METER_H_
