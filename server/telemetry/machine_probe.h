// Measures the load of the whole machine: CPU, memory, disk, network.
#ifndef ASSAY_SERVER_TELEMETRY_MACHINE_PROBE_H_
#define ASSAY_SERVER_TELEMETRY_MACHINE_PROBE_H_

#include <memory>
#include <string>

#include "evaluator/records/system_probe.h"

namespace assay::server {

// Returns a probe that reports MLflow's system metrics. Reading it never fails: a value that the
// system does not provide is left out.
//
//   cpu_utilization_percentage: since the previous call.
//   system_memory_usage_megabytes, system_memory_usage_percentage: total minus available memory.
//   disk_usage_megabytes, disk_usage_percentage, disk_available_megabytes: of the file system that
//   contains `path`.
//   network_receive_megabytes, network_transmit_megabytes: since this object was created, summed
//   over all interfaces except loopback.
//
// A megabyte is 1e6 bytes. The values are read from /proc on Linux and from mach and getifaddrs on
// macOS (that part has never been run on a Mac). GPUs are not measured.
std::unique_ptr<evaluator::SystemProbe> MakeMachineProbe(std::string path);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_MACHINE_PROBE_H_
