// Standard process metrics (`process_*`), named as in every Prometheus client library.
#ifndef ASSAY_SERVER_TELEMETRY_PROCESS_METRICS_H_
#define ASSAY_SERVER_TELEMETRY_PROCESS_METRICS_H_

#include <vector>

#include "prometheus/metric_family.h"

namespace assay::server {

// Returns process_cpu_seconds_total, process_start_time_seconds, process_resident_memory_bytes,
// process_virtual_memory_bytes, process_threads, process_open_fds and process_max_fds, read from
// /proc at the time of the call (about 0.1 ms). Values that the system does not report are left
// out: on macOS the thread count, the open files and the start time. Thread-safe.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_PROCESS_METRICS_H_
