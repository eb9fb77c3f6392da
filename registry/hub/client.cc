// A client for the parts of the Hugging Face Hub's HTTP API that downloads need.
#include "registry/hub/client.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/http/client.h"
#include "base/http/url.h"
#include "base/status_macros.h"
#include "registry/hub/answer_errors.h"
#include "registry/hub/cache/names.h"

namespace assay::registry {
namespace {

constexpr int kMaxRedirects = 5;
constexpr int64_t kMaxListingBytes = int64_t{32} << 20;

bool IsRedirect(int status) {
  constexpr int kMoved[] = {301, 302, 303, 307, 308};
  for (const int moved : kMoved) {
    if (status == moved) return true;
  }
  return false;
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

// The Hub has granted access, so an error of the storage host means that the signed link has
// expired or that the host has a temporary problem.
bool IsStorageFailure(int status) { return status >= 400 && status != kRangeNotSatisfiable; }

http::ClientOptions HttpOptions(const HubOptions& options) {
  return {.bearer_token = options.token,
          .ca_path = options.ca_path,
          .connect_timeout = options.connect_timeout,
          // PullControl enforces the time limit of the pull.
          .timeout = absl::InfiniteDuration(),
          .stall_timeout = options.no_progress_timeout,
          .max_response_bytes = kMaxListingBytes};
}

HubSubject Subject(const HubOptions& options, const std::string& repo, const std::string& revision,
                   const std::string& file = "") {
  return {.endpoint = options.endpoint,
          .repo = repo,
          .revision = revision,
          .file = file,
          .token_sent = !options.token.empty()};
}

// Returns abc for "W/\"abc\"" and for "\"abc\"".
std::string PlainEtag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

// Returns the first of two headers that exists; empty if neither does.
std::string EitherHeader(const http::Response& answer, std::string_view first,
                         std::string_view second) {
  const std::string* value = answer.Header(first);
  if (value == nullptr && !second.empty()) value = answer.Header(second);
  return value == nullptr ? "" : *value;
}

}  // namespace

HubClient::HubClient(const HubOptions& options, const PullControl& control)
    : options_(options), control_(control), http_(HttpOptions(options)) {}

absl::StatusOr<RepoListing> HubClient::Describe(const std::string& repo,
                                                const std::string& revision) {
  const HubSubject subject = Subject(options_, repo, revision);
  absl::StatusOr<http::Response> answer =
      Send({.url = absl::StrCat(options_.endpoint, "/api/models/", repo, "/revision/",
                                http::UrlEscape(revision), "?blobs=true")},
           Redirects::kAll, nullptr);
  if (!answer.ok()) return Annotate(answer.status(), subject.Name());
  if (!IsSuccess(answer->status)) return HubAnswerError(*answer, subject);
  absl::StatusOr<RepoListing> listing = ParseListing(answer->body);
  if (!listing.ok()) {
    return Annotate(Annotate(listing.status(), "the reply of the Hub's API"), subject.Name());
  }
  if (IsCommitHash(revision) && listing->commit != revision) {
    return absl::DataLossError(
        absl::StrCat(subject.Name(), ": the Hub returned commit ", listing->commit, " instead"));
  }
  return listing;
}

absl::StatusOr<RemoteFile> HubClient::DescribeFile(const std::string& repo,
                                                   const std::string& commit,
                                                   const std::string& file) {
  const HubSubject subject = Subject(options_, repo, commit, file);
  const absl::StatusOr<http::Response> answer =
      Send({.method = "HEAD", .url = FileUrl(repo, commit, file), .accept_compressed = false},
           Redirects::kWithinEndpoint, nullptr);
  if (!answer.ok()) return Annotate(answer.status(), subject.Name());
  const bool redirected = IsRedirect(answer->status);
  if (!IsSuccess(answer->status) && !redirected) return HubAnswerError(*answer, subject);
  // The Content-Length of a redirect is not that of the file.
  const std::string size =
      EitherHeader(*answer, "x-linked-size", redirected ? "" : "content-length");
  const std::string etag = PlainEtag(EitherHeader(*answer, "x-linked-etag", "etag"));
  RemoteFile result{.name = file, .hash = etag};
  if (!absl::SimpleAtoi(size, &result.size) || result.size < 0 || result.size > kMaxHubFileBytes) {
    return absl::DataLossError(absl::StrCat(subject.Name(), ": X-Linked-Size is ",
                                            QuotedForMessage(size),
                                            ", not a number of bytes up to ", kMaxHubFileBytes));
  }
  if (!IsBlobHash(etag)) {
    return absl::DataLossError(absl::StrCat(subject.Name(), ": ETag is ", QuotedForMessage(etag),
                                            ", not a sha1 or sha256"));
  }
  return result;
}

absl::Status HubClient::Fetch(const std::string& repo, const std::string& commit,
                              const std::string& file, int64_t offset, http::BodySink* sink) {
  http::Request request{.url = FileUrl(repo, commit, file), .accept_compressed = false};
  request.headers.emplace_back("Accept-Encoding", "identity");
  if (offset > 0) request.headers.emplace_back("Range", absl::StrCat("bytes=", offset, "-"));
  const HubSubject subject = Subject(options_, repo, commit, file);
  const absl::StatusOr<http::Response> answer = Send(std::move(request), Redirects::kAll, sink);
  if (!answer.ok()) return Annotate(answer.status(), subject.Name());
  return IsSuccess(answer->status) ? absl::OkStatus() : HubAnswerError(*answer, subject);
}

absl::StatusOr<http::Response> HubClient::SendOnce(const http::Request& request,
                                                   http::BodySink* sink) {
  absl::StatusOr<http::Response> answer = http_.Receive(request, sink);
  if (answer.ok()) return answer;
  // The error may be that of Check(): cancelled or out of time. That is not transient.
  RETURN_IF_ERROR(control_.Check());
  if (absl::IsUnavailable(answer.status()) || absl::IsDeadlineExceeded(answer.status())) {
    return Transient(answer.status());
  }
  return answer;
}

absl::StatusOr<http::Response> HubClient::Send(http::Request request, Redirects redirects,
                                               http::BodySink* sink) {
  ASSIGN_OR_RETURN(const http::Origin home, http::OriginOf(options_.endpoint));
  request.interrupted = [this] { return control_.Check(); };
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    ASSIGN_OR_RETURN(const http::Origin origin, http::OriginOf(request.url));
    request.authenticate = origin == home;
    absl::StatusOr<http::Response> answer = SendOnce(request, sink);
    if (!answer.ok()) return answer;
    if (origin != home && IsStorageFailure(answer->status)) {
      return Transient(absl::UnavailableError(absl::StrCat("the storage host ", origin.host,
                                                           " returned status ", answer->status)),
                       answer->retry_after);
    }
    if (!IsRedirect(answer->status)) return answer;
    const std::string* location = answer->Header("location");
    ASSIGN_OR_RETURN(std::string next,
                     http::ResolveRedirect(request.url, location == nullptr ? "" : *location));
    ASSIGN_OR_RETURN(const http::Origin next_origin, http::OriginOf(next));
    if (redirects == Redirects::kWithinEndpoint && next_origin != home) return answer;
    if (origin.scheme == "https" && next_origin.scheme != "https") {
      return absl::FailedPreconditionError(
          absl::StrCat(http::WithoutSecrets(request.url), ": redirects from https to ",
                       http::WithoutSecrets(next), ", which is not secure"));
    }
    request.url = std::move(next);
  }
  return absl::FailedPreconditionError(
      absl::StrCat(http::WithoutSecrets(request.url), ": more than ", kMaxRedirects, " redirects"));
}

std::string HubClient::FileUrl(const std::string& repo, const std::string& commit,
                               const std::string& file) const {
  std::string url = absl::StrCat(options_.endpoint, "/", repo, "/resolve/", commit);
  const std::vector<std::string> segments = absl::StrSplit(file, '/');
  for (const std::string& segment : segments) absl::StrAppend(&url, "/", http::UrlEscape(segment));
  return url;
}

}  // namespace assay::registry
