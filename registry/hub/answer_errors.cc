// Translates error responses of the Hub into statuses.
#include "registry/hub/answer_errors.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "base/http/url.h"
#include "registry/hub/cache/names.h"

namespace assay::registry {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kRequestTimeout = 408;
constexpr int kTooManyRequests = 429;
constexpr int kServerErrors = 500;

constexpr char kTransientPayload[] = "assay.hub/transient";

std::string Header(const http::Response& answer, const char* name) {
  const std::string* value = answer.Header(name);
  return value == nullptr ? "" : *value;
}

// Returns the endpoint for messages, without the '/' that is appended to a bare host.
std::string Site(const HubSubject& subject) {
  return std::string(absl::StripSuffix(http::WithoutSecrets(subject.endpoint), "/"));
}

std::string Page(const HubSubject& subject) {
  return absl::StrCat(Site(subject), "/", subject.repo);
}

std::string TokenAdvice(const HubSubject& subject) {
  return subject.token_sent ? "the token in HF_TOKEN has no access"
                            : "set HF_TOKEN to a token with read access";
}

absl::Status Gated(const HubSubject& subject) {
  return absl::PermissionDeniedError(absl::StrCat(
      subject.Name(), ": the repository is gated. Accept its license at ", Page(subject),
      subject.token_sent
          ? " with the account of the token in HF_TOKEN, which has not been granted access yet"
          : " and set HF_TOKEN to a token of that account"));
}

absl::Status RepoNotFound(const HubSubject& subject) {
  return absl::NotFoundError(absl::StrCat(subject.Name(), ": no such repository at ", Page(subject),
                                          ", or it is private. Check the name; if it is private, ",
                                          TokenAdvice(subject)));
}

absl::Status Unauthorized(const HubSubject& subject) {
  return absl::UnauthenticatedError(
      absl::StrCat(subject.Name(),
                   subject.token_sent ? ": the token in HF_TOKEN was refused; get a new one from "
                                      : ": needs a token; set HF_TOKEN to one from ",
                   Site(subject), "/settings/tokens"));
}

}  // namespace

std::string HubSubject::Name() const {
  return absl::StrCat(repo, "@", revision, file.empty() ? "" : ": ", file);
}

absl::Status HubAnswerError(const http::Response& answer, const HubSubject& subject) {
  const std::string code = Header(answer, "x-error-code");
  if (code == "GatedRepo") return Gated(subject);
  if (code == "RepoNotFound") return RepoNotFound(subject);
  if (code == "RevisionNotFound") {
    return absl::NotFoundError(absl::StrCat(subject.Name(), ": the repository has no revision ",
                                            QuotedForMessage(subject.revision), "; see ",
                                            Page(subject), "/tree/main"));
  }
  if (code == "EntryNotFound") {
    return absl::NotFoundError(absl::StrCat(subject.Name(), ": no such file; see ", Page(subject),
                                            "/tree/", subject.revision));
  }
  const std::string error_message = Header(answer, "x-error-message");
  const std::string what =
      absl::StrCat(subject.Name(), ": the Hub answered ", answer.status,
                   error_message.empty() ? "" : absl::StrCat(" ", QuotedForMessage(error_message)));
  if (answer.status == kUnauthorized) return Unauthorized(subject);
  if (answer.status == kForbidden) {
    return absl::PermissionDeniedError(absl::StrCat(what, "; ", TokenAdvice(subject)));
  }
  if (answer.status == kNotFound) {
    return absl::NotFoundError(absl::StrCat(what, "; see ", Page(subject)));
  }
  if (answer.status == kRequestTimeout || answer.status == kTooManyRequests ||
      answer.status >= kServerErrors) {
    return Transient(absl::UnavailableError(what), answer.retry_after);
  }
  if (answer.status == kRangeNotSatisfiable) return absl::OutOfRangeError(what);
  return absl::FailedPreconditionError(what);
}

bool IsTransient(const absl::Status& status) {
  return status.GetPayload(kTransientPayload).has_value();
}

absl::Status Transient(absl::Status status, std::optional<absl::Duration> retry_after) {
  const int64_t milliseconds =
      absl::ToInt64Milliseconds(retry_after.value_or(absl::ZeroDuration()));
  status.SetPayload(kTransientPayload, absl::Cord(absl::StrCat(milliseconds)));
  return status;
}

std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kTransientPayload);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds) ||
      milliseconds <= 0) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
}

}  // namespace assay::registry
