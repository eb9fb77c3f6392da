// The part of the Hugging Face Hub's HTTP interface that a download needs.
#ifndef ASSAY_REGISTRY_HUB_CLIENT_H_
#define ASSAY_REGISTRY_HUB_CLIENT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http/client.h"
#include "registry/hub/cache/listing.h"
#include "registry/hub/options.h"
#include "registry/hub/pull_control.h"

namespace assay::registry {

// One connection's worth of calls, each one try: Retry says whether another is worth it. Follows up
// to 5 redirects, never from https to http; the token goes to the endpoint's own origin alone. Not
// thread-safe. Errors: as HubAnswerError(); UNAVAILABLE and, after a silence, DEADLINE_EXCEEDED,
// both transient; PullControl::Check()'s.
class HubClient {
 public:
  // Both outlive this.
  HubClient(const HubOptions& options, const PullControl& control);

  // The commit that `revision` is now, and its files. DATA_LOSS where the reply is not the Hub's.
  absl::StatusOr<RepoListing> Describe(const std::string& repo, const std::string& revision);

  // Size and hash of one file where the listing lacks them, from the headers of a HEAD:
  // X-Linked-Size and X-Linked-Etag, else Content-Length and ETag.
  absl::StatusOr<RemoteFile> DescribeFile(const std::string& repo, const std::string& commit,
                                          const std::string& file);

  // The file's bytes from `offset` on. The sink sees the status (200 or 206) and must not trust it.
  absl::Status Fetch(const std::string& repo, const std::string& commit, const std::string& file,
                     int64_t offset, http::BodySink* sink);

 private:
  enum class Redirects { kAll, kWithinEndpoint };

  absl::StatusOr<http::Response> Send(http::Request request, Redirects redirects,
                                      http::BodySink* sink);
  absl::StatusOr<http::Response> SendOnce(const http::Request& request, http::BodySink* sink);
  std::string FileUrl(const std::string& repo, const std::string& commit,
                      const std::string& file) const;

  const HubOptions& options_;
  const PullControl& control_;
  http::Client http_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CLIENT_H_
