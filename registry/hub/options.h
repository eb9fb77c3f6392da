// Options for the connection to a Hugging Face Hub and for its cache on this machine.
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
  // Sent to the host of the endpoint only. Never part of a message.
  std::string token;
  // The folder that contains models--org--name/.
  std::string cache_folder;
  // If true, no requests are sent; models that are not in the cache are an error.
  bool offline = false;
  // A PEM file with the certificates to trust; empty = those of the system.
  std::string ca_path;
  // The time limit of a whole pull.
  absl::Duration timeout = absl::Minutes(30);
  // The maximum time without a byte on a connection. After it, a new connection continues the
  // download; a connection without a single byte ends the pull.
  absl::Duration no_progress_timeout = absl::Seconds(60);
  absl::Duration connect_timeout = absl::Seconds(10);
  int parallel_files = 4;
  // The number of retries after an attempt that received no bytes.
  int retries = 5;
  // The delay between attempts. It doubles from the first to the maximum; a random value between
  // half of it and all of it is used, but never less than the server requested.
  absl::Duration first_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Seconds(30);
  // Returns the bytes that can still be written to a folder; null = ask the file system.
  std::function<absl::StatusOr<int64_t>(const std::string& folder)> free_bytes;

  // Reads the environment variables of huggingface_hub:
  //   endpoint      HF_ENDPOINT.
  //   token         HF_TOKEN, else HUGGING_FACE_HUB_TOKEN, else the file HF_TOKEN_PATH, else the
  //   file
  //                 HF_HOME/token; none if HF_HUB_DISABLE_IMPLICIT_TOKEN is set.
  //   cache_folder  HubCacheFolder().
  //   offline       HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE.
  // `ca_path` is the variable SSL_CERT_FILE.
  static HubOptions FromEnvironment();
};

// Returns HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub. HF_HOME defaults to
// XDG_CACHE_HOME/huggingface or ~/.cache/huggingface.
std::string HubCacheFolder();

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_OPTIONS_H_
