// A program for tests that pulls a repository with the options of the environment and prints the
// commit, the fetched bytes and the path.
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "registry/hub/downloader.h"
#include "registry/hub/options.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr
        << "usage: hub_probe REPO REVISION [FILE]; MAX_FILE_BYTES limits the size of a file\n";
    return 2;
  }
  if (const char* limit = std::getenv("MAX_FILE_BYTES"); limit != nullptr) {
    // With the signal ignored, a write beyond the limit returns EFBIG.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlim_t bytes = std::strtoull(limit, nullptr, 10);
    const rlimit both{.rlim_cur = bytes, .rlim_max = bytes};
    if (setrlimit(RLIMIT_FSIZE, &both) != 0) return 2;
  }
  const auto downloader =
      assay::registry::HubDownloader::Create(assay::registry::HubOptions::FromEnvironment());
  if (!downloader.ok()) {
    std::cerr << downloader.status() << "\n";
    return 1;
  }
  const absl::StatusOr<assay::registry::PullResult> result =
      downloader->Pull({.repo = argv[1], .revision = argv[2], .file = argc > 3 ? argv[3] : ""},
                       nullptr, assay::CallContext());
  if (!result.ok()) {
    std::cerr << result.status() << "\n";
    return 1;
  }
  std::cout << result->commit << " " << result->bytes_fetched << " " << result->path << "\n";
  return 0;
}
