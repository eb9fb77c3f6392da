// What is recorded of real requests.
#include "server/config/recording_config.h"

namespace assay::server {
namespace {

constexpr int64_t kMaxPromptsLimit = 1'000'000;
constexpr double kMinAgeSeconds = 60;
constexpr double kMaxAgeSeconds = 10 * 365 * 24 * 3600.0;

}  // namespace

RecordingConfig ReadRecording(YamlMap map) {
  RecordingConfig recording;
  recording.prompts = map.Bool("prompts", recording.prompts);
  recording.sample_ratio = map.Number("sample_ratio", recording.sample_ratio, 0, 1);
  recording.max_prompts = map.Int("max_prompts", recording.max_prompts, 1, kMaxPromptsLimit);
  recording.max_age = absl::Seconds(map.Seconds("max_age", absl::ToDoubleSeconds(recording.max_age),
                                                kMinAgeSeconds, kMaxAgeSeconds));
  recording.redact = map.Bool("redact", recording.redact);
  return recording;
}

}  // namespace assay::server
