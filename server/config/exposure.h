// Keeps a daemon without TLS or keys from listening to other machines by mistake.
#ifndef ASSAY_SERVER_CONFIG_EXPOSURE_H_
#define ASSAY_SERVER_CONFIG_EXPOSURE_H_

#include <string>

#include "absl/status/status.h"
#include "server/config/config.h"

namespace assay::server {

// True if only this machine can reach the address, host:port.
bool IsLoopback(const std::string& listen);

// Returns INVALID_ARGUMENT, which names the key, if `listen` or `metrics.listen` can be reached
// from other machines, TLS or keys are off, and `insecure` is not set.
absl::Status CheckExposure(const Config& config);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_EXPOSURE_H_
