// How to reach a Hugging Face Hub, and where its files go on this machine.
#ifndef ASSAY_REGISTRY_HUB_OPTIONS_H_
#define ASSAY_REGISTRY_HUB_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::registry {

struct HubOptions {
  std::string endpoint = "https://huggingface.co";
  // Sent to the endpoint's own host and nowhere else; never part of a message.
  std::string token;
  // The folder that holds models--org--name/.
  std::string cache_folder;
  // No request at all: what is in the cache, or an error.
  bool offline = false;
  // PEM file with the certificates to trust; empty = the system's.
  std::string ca_path;
  // For a whole pull.
  absl::Duration timeout = absl::Minutes(30);
  // Longest silence of a connection. The next connection goes on from there; silent from its
  // beginning, it ends the pull.
  absl::Duration no_progress_timeout = absl::Seconds(60);
  absl::Duration connect_timeout = absl::Seconds(10);
  int parallel_files = 4;
  // Further tries after one that brought nothing.
  int retries = 5;
  // Between tries: doubled from the first to the longest, each drawn from its upper half, and never
  // less than the server asked for.
  absl::Duration first_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Seconds(30);
  // Bytes that may still be written to a folder; empty = the file system's answer.
  std::function<absl::StatusOr<int64_t>(const std::string& folder)> free_bytes;

  // As huggingface_hub reads it: HF_ENDPOINT; HF_TOKEN, else HUGGING_FACE_HUB_TOKEN, else the file
  // HF_TOKEN_PATH, else
  // HF_HOME/token (none of them where HF_HUB_DISABLE_IMPLICIT_TOKEN is set); HubCacheFolder();
  // HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE. Besides: SSL_CERT_FILE.
  static HubOptions FromEnvironment();
};

// HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub, where HF_HOME is
// XDG_CACHE_HOME/huggingface or ~/.cache/huggingface unless set.
std::string HubCacheFolder();

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_OPTIONS_H_
