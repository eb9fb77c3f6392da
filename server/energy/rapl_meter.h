// Energy of the processor packages, counted by themselves (RAPL, Linux on x86-64).
#ifndef ASSAY_SERVER_ENERGY_RAPL_METER_H_
#define ASSAY_SERVER_ENERGY_RAPL_METER_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "evaluator/records/energy.h"

namespace assay::server {

// Sums the domains intel-rapl:N of `powercap` (a folder as /sys/class/powercap, which AMD's
// processors have too) whose name is package-*; their parts (core, uncore), memory (dram) and the
// platform (psys) are not added: the first are in it already, the last has it in itself. Source
// "rapl". A look reads a file a package.
//
// Energy files are the superuser's since Linux 5.10: nullptr where there are none, or one of them
// cannot be read, or holds no number. A file that fails later adds nothing.
//
// The counters wrap after minutes at full load; a thread looks every `period`, so that no wrap is
// missed.
std::unique_ptr<evaluator::EnergyMeter> MakeRaplMeter(
    const std::string& powercap = "/sys/class/powercap", absl::Duration period = absl::Seconds(30));

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_RAPL_METER_H_
