// What is recorded of real requests.
#ifndef ASSAY_SERVER_CONFIG_RECORDING_CONFIG_H_
#define ASSAY_SERVER_CONFIG_RECORDING_CONFIG_H_

#include <cstdint>

#include "absl/time/time.h"
#include "base/yaml/reader.h"

namespace assay::server {

struct RecordingConfig {
  // True if prompts of answered requests are stored.
  bool prompts = false;
  // The share of these requests whose prompts are stored.
  double sample_ratio = 1;
  // The most prompts that are kept, and for how long.
  int64_t max_prompts = 10'000;
  absl::Duration max_age = absl::Hours(30 * 24);
  // True if prompts are searched for addresses, numbers and secrets, which are replaced before they
  // are stored.
  bool redact = true;
};

// Reads the keys of `recording`.
RecordingConfig ReadRecording(YamlMap map);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_RECORDING_CONFIG_H_
