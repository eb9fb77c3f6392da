// Energy of the CPU packages from their own counters (RAPL, Linux on x86-64).
#ifndef ASSAY_SERVER_ENERGY_RAPL_METER_H_
#define ASSAY_SERVER_ENERGY_RAPL_METER_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "evaluator/records/energy.h"

namespace assay::server {

// Returns a meter that sums the domains intel-rapl:N of `powercap` whose name is package-*; its
// source is "rapl". `powercap` is a folder like /sys/class/powercap; AMD CPUs use the same names.
// The subdomains (core, uncore), the memory (dram) and the platform (psys) are not added: the
// subdomains are already part of the package and the platform contains it. A reading costs one file
// per package.
//
// Only the superuser can read the energy files since Linux 5.10. Returns nullptr if there are none,
// or if one of them cannot be read or contains no number. A file that fails later adds nothing.
//
// The counters wrap after minutes at full load, so a thread reads them every `period`. The meter is
// thread-safe.
std::unique_ptr<evaluator::EnergyMeter> MakeRaplMeter(
    const std::string& powercap = "/sys/class/powercap", absl::Duration period = absl::Seconds(30));

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_RAPL_METER_H_
