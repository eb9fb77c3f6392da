// Translates error responses of the Hub into statuses, and marks the transient ones.
#ifndef ASSAY_REGISTRY_HUB_ANSWER_ERRORS_H_
#define ASSAY_REGISTRY_HUB_ANSWER_ERRORS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/http/client.h"

namespace assay::registry {

// The HTTP status for a range that begins at or after the end of the file.
inline constexpr int kRangeNotSatisfiable = 416;

// The subject of a request.
struct HubSubject {
  std::string endpoint;
  std::string repo;
  std::string revision;
  // Empty if the request is about the repository itself.
  std::string file;
  bool token_sent = false;

  // Returns "org/name@main" or "org/name@main: model.safetensors".
  std::string Name() const;
};

// Returns the error for an HTTP response that is no success. The Hub's X-Error-Code has precedence:
// GatedRepo is PERMISSION_DENIED; RepoNotFound, RevisionNotFound and EntryNotFound are NOT_FOUND.
// Otherwise the HTTP status decides: 401 is UNAUTHENTICATED, 403 PERMISSION_DENIED, 404 NOT_FOUND;
// 408, 429 and 5xx are UNAVAILABLE (transient); 416 is OUT_OF_RANGE, any other FAILED_PRECONDITION.
// The message says what to do.
absl::Status HubAnswerError(const http::Response& answer, const HubSubject& subject);

// Returns true if a retry may succeed without any other change.
bool IsTransient(const absl::Status& status);
// Marks an error as transient. `retry_after` is the delay that the server requested.
absl::Status Transient(absl::Status status, std::optional<absl::Duration> retry_after = {});
// Returns the delay that the server requested, or nullopt if there is none.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_ANSWER_ERRORS_H_
