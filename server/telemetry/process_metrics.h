// This process, under the names that every Prometheus client library uses (`process_`).
#ifndef ASSAY_SERVER_TELEMETRY_PROCESS_METRICS_H_
#define ASSAY_SERVER_TELEMETRY_PROCESS_METRICS_H_

#include <vector>

#include "prometheus/metric_family.h"

namespace assay::server {

// process_cpu_seconds_total, process_start_time_seconds, process_resident_memory_bytes,
// process_virtual_memory_bytes, process_threads, process_open_fds, process_max_fds: read from /proc
// now, some 0.1 ms. What the system does not say is left out (on macOS threads, open files and
// start time). Thread-safe.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_PROCESS_METRICS_H_
