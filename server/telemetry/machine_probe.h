// Load of the machine as a whole: processors, memory, disk, network.
#ifndef ASSAY_SERVER_TELEMETRY_MACHINE_PROBE_H_
#define ASSAY_SERVER_TELEMETRY_MACHINE_PROBE_H_

#include <memory>
#include <string>

#include "evaluator/records/system_probe.h"

namespace assay::server {

// Under MLflow's names: cpu_utilization_percentage (since the last call),
// system_memory_usage_megabytes and _percentage (total less available), disk_usage_megabytes,
// _percentage and disk_available_megabytes (of the file system that holds `path`),
// network_receive_megabytes and network_transmit_megabytes (since this object was made, all
// interfaces but loopback). A megabyte is 1e6 bytes. Linux: /proc; macOS: mach and getifaddrs
// (never run there). GPUs are not read.
std::unique_ptr<evaluator::SystemProbe> MakeSystemProbe(std::string path);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_MACHINE_PROBE_H_
