// What a Hub's refusal means to whoever asked, and whether asking again may help.
#ifndef ASSAY_REGISTRY_HUB_ANSWER_ERRORS_H_
#define ASSAY_REGISTRY_HUB_ANSWER_ERRORS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/http/client.h"

namespace assay::registry {

// The answer to a range that begins at or behind the file's end.
inline constexpr int kRangeNotSatisfiable = 416;

// What was asked for.
struct HubSubject {
  std::string endpoint;
  std::string repo;
  std::string revision;
  // Empty = the repository itself.
  std::string file;
  bool token_sent = false;

  // "org/name@main: model.safetensors".
  std::string Name() const;
};

// The status of an answer that is not the one hoped for. By the Hub's X-Error-Code: GatedRepo
// PERMISSION_DENIED, RepoNotFound, RevisionNotFound and EntryNotFound NOT_FOUND; else by status:
// 401 UNAUTHENTICATED, 403 PERMISSION_DENIED, 404 NOT_FOUND, 408, 429 and 5xx UNAVAILABLE
// (transient), 416 OUT_OF_RANGE, the rest FAILED_PRECONDITION. The message says what to do.
absl::Status HubAnswerError(const http::Response& answer, const HubSubject& subject);

// Worth another try without anybody changing anything.
bool IsTransient(const absl::Status& status);
absl::Status Transient(absl::Status status, std::optional<absl::Duration> retry_after = {});
// What the server asked for.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_ANSWER_ERRORS_H_
