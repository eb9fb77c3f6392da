// The callbacks of libcurl during one exchange.
#include "base/http/exchange.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/http/echoed_secrets.h"
#include "base/http/url.h"
#include "base/status_macros.h"
#include "base/steady_time.h"

namespace assay::http {
namespace {

constexpr size_t kMaxHeaderBytes = 256 << 10;
constexpr int kFirstSuccess = 200;
constexpr int kFirstRedirect = 300;

int StatusCode(CURL* curl) {
  long status = 0;  // NOLINT(google-runtime-int): curl's type
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

bool IsSuccess(int status) { return status >= kFirstSuccess && status < kFirstRedirect; }

}  // namespace

Exchange::Exchange(const ClientOptions& options, const Request& request, const Client& client,
                   BodySink* sink)
    : options_(options),
      request_(request),
      client_(client),
      sink_(sink),
      moved_at_(SteadyTime::Now()) {}

void Exchange::Attach(CURL* curl) {
  curl_ = curl;
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
}

size_t Exchange::OnHeader(const char* data, size_t size, size_t count, void* user) {
  const size_t bytes = size * count;
  return static_cast<Exchange*>(user)->AddHeader({data, bytes}) ? bytes : 0;
}

size_t Exchange::OnBody(const char* data, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const size_t bytes = size * count;
  exchange->status_ = exchange->AddBody({data, bytes});
  return exchange->status_.ok() ? bytes : 0;
}

int Exchange::OnProgress(void* user, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  auto* exchange = static_cast<Exchange*>(user);
  if (exchange->status_.ok()) exchange->status_ = exchange->Check(down + up);
  return exchange->status_.ok() ? 0 : 1;
}

bool Exchange::AddHeader(std::string_view line) {
  // A new response begins. The previous one was "100 Continue" or that of a proxy.
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    return true;
  }
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    status_ = absl::OutOfRangeError(absl::StrCat(WithoutSecrets(request_.url),
                                                 ": the headers of the response are larger than ",
                                                 kMaxHeaderBytes, " bytes"));
    return false;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string value(line.substr(colon + 1));
  response_.headers.emplace_back(absl::AsciiStrToLower(std::string(line.substr(0, colon))),
                                 std::string(absl::StripAsciiWhitespace(value)));
  return true;
}

absl::Status Exchange::PassHead() {
  if (head_passed_) return absl::OkStatus();
  head_passed_ = true;
  response_.status = StatusCode(curl_);
  if (sink_ == nullptr || !IsSuccess(response_.status)) return absl::OkStatus();
  return sink_->OnHead(response_);
}

absl::Status Exchange::AddBody(std::string_view bytes) {
  RETURN_IF_ERROR(PassHead());
  if (sink_ != nullptr && IsSuccess(response_.status)) return sink_->OnBytes(bytes);
  if (response_.body.size() + bytes.size() > static_cast<size_t>(options_.max_response_bytes)) {
    return absl::OutOfRangeError(absl::StrCat(WithoutSecrets(request_.url),
                                              ": the response is larger than ",
                                              options_.max_response_bytes, " bytes"));
  }
  response_.body.append(bytes);
  return absl::OkStatus();
}

absl::Status Exchange::Check(int64_t bytes_moved) {
  if (client_.Expired()) {
    return absl::CancelledError(absl::StrCat(WithoutSecrets(request_.url), ": stopped"));
  }
  if (request_.interrupted) {
    RETURN_IF_ERROR(request_.interrupted());
  }
  const SteadyTime now = SteadyTime::Now();
  if (bytes_moved != bytes_moved_) {
    bytes_moved_ = bytes_moved;
    moved_at_ = now;
  } else if (now - moved_at_ >= options_.stall_timeout) {
    return absl::DeadlineExceededError(absl::StrCat(WithoutSecrets(request_.url), ": no data for ",
                                                    absl::FormatDuration(options_.stall_timeout)));
  }
  return absl::OkStatus();
}

absl::Status Exchange::TransportError(CURLcode code) const {
  const std::string what =
      absl::StrCat(WithoutSecrets(request_.url), ": ", curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(
          absl::StrCat(what, " after ", absl::FormatDuration(options_.timeout)));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return absl::FailedPreconditionError(
          absl::StrCat(what, "; ", options_.ca_variable, " names the certificates to trust"));
    case CURLE_SSL_CERTPROBLEM:
      return absl::FailedPreconditionError(
          absl::StrCat(what, ": the client certificate ", options_.client_cert_path,
                       " cannot be used; it must be a PEM file with the certificate and its key"));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(what);
    default:
      return absl::UnavailableError(what);
  }
}

absl::StatusOr<Response> Exchange::Finish(CURL* curl, CURLcode code) {
  if (!status_.ok()) return status_;
  if (code != CURLE_OK) return TransportError(code);
  RETURN_IF_ERROR(PassHead());
  curl_off_t retry_after_seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_seconds);
  if (retry_after_seconds > 0) response_.retry_after = absl::Seconds(retry_after_seconds);
  // The bodies of refusals become part of messages, and some proxies repeat the request in them.
  if (!IsSuccess(response_.status)) {
    response_.body = HideEchoedSecrets(std::move(response_.body), options_, request_);
  }
  return std::move(response_);
}

}  // namespace assay::http
