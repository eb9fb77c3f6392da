// A client for the parts of the Hugging Face Hub's HTTP API that downloads need.
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

// Makes one attempt per call; use Retry for more. Follows up to 5 redirects, but never from https
// to http. The token is sent to the origin of the endpoint only. Not thread-safe. Errors are those
// of HubAnswerError() and PullControl::Check(); UNAVAILABLE if the connection fails, and
// DEADLINE_EXCEEDED if it stalls, are both transient.
class HubClient {
 public:
  // Both arguments must outlive the client.
  HubClient(const HubOptions& options, const PullControl& control);

  // Returns the current commit of the revision and its files. DATA_LOSS if the reply is invalid.
  absl::StatusOr<RepoListing> Describe(const std::string& repo, const std::string& revision);

  // Returns size and hash of one file, for listings without them. They are in the headers of a HEAD
  // response: X-Linked-Size and X-Linked-Etag, else Content-Length and ETag.
  absl::StatusOr<RemoteFile> DescribeFile(const std::string& repo, const std::string& commit,
                                          const std::string& file);

  // Downloads the bytes of the file from `offset` on. The sink must check the status (200 or 206)
  // and the range of the response.
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
