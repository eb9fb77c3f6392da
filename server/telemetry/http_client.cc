// HTTP(S) requests with limits, over libcurl.
#include "server/telemetry/http_client.h"

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace assay::server {
namespace {

// curl_global_init counts its callers but was not thread-safe before curl 7.84.
ABSL_CONST_INIT absl::Mutex curl_global_mutex(absl::kConstInit);

using CurlHeaders = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

struct Body {
  std::string text;
  int64_t limit;
  bool too_large = false;
};

size_t OnBody(const char* data, size_t size, size_t count, void* user) {
  auto* body = static_cast<Body*>(user);
  const size_t bytes = size * count;
  if (body->text.size() + bytes > static_cast<size_t>(body->limit)) {
    body->too_large = true;
    return 0;
  }
  body->text.append(data, bytes);
  return bytes;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const HttpClient*>(user)->Expired() ? 1 : 0;
}

void AllowHttpOnly(CURL* curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

absl::Status ToStatus(CURLcode code, const Body& body, const std::string& url,
                      const HttpClientOptions& options) {
  const std::string what = absl::StrCat(WithoutCredentials(url), ": ", curl_easy_strerror(code));
  switch (code) {
    case CURLE_WRITE_ERROR:
      if (!body.too_large) return absl::UnavailableError(what);
      return absl::OutOfRangeError(absl::StrCat(WithoutCredentials(url),
                                                ": the answer is larger than ",
                                                options.max_response_bytes, " bytes"));
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(
          absl::StrCat(what, " after ", absl::FormatDuration(options.timeout)));
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError(absl::StrCat(WithoutCredentials(url), ": stopped"));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return absl::FailedPreconditionError(
          absl::StrCat(what, "; MLFLOW_TRACKING_SERVER_CERT_PATH names the certificates to trust"));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(what);
    default:
      return absl::UnavailableError(what);
  }
}

void SetAuthentication(CURL* curl, const HttpClientOptions& options) {
  if (!options.username.empty() && !options.password.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options.password.c_str());
  } else if (!options.bearer_token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, options.bearer_token.c_str());
  }
}

CurlHeaders MakeHeaders(const HttpRequest& request) {
  // Without this curl waits a second for "100 Continue" before a larger body.
  CurlHeaders headers(curl_slist_append(nullptr, "Expect:"), curl_slist_free_all);
  for (const auto& [name, value] : request.headers) {
    // Appends in place: the head stays the one that `headers` owns.
    if (curl_slist_append(headers.get(), absl::StrCat(name, ": ", value).c_str()) == nullptr) break;
  }
  return headers;
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)), expires_at_ns_(absl::ToUnixNanos(absl::InfiniteFuture())) {
  const absl::MutexLock lock(&curl_global_mutex);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = curl_easy_init();
}

HttpClient::~HttpClient() {
  const absl::MutexLock lock(&curl_global_mutex);
  if (curl_ != nullptr) curl_easy_cleanup(curl_);
  curl_global_cleanup();
}

absl::StatusOr<HttpResponse> HttpClient::Send(const HttpRequest& request) {
  if (curl_ == nullptr) return absl::ResourceExhaustedError("curl_easy_init: out of memory");
  CURL* curl = curl_;
  // Keeps connections and the DNS cache.
  curl_easy_reset(curl);
  Body body{.text = "", .limit = options_.max_response_bytes};
  const CurlHeaders headers = MakeHeaders(request);
  AllowHttpOnly(curl);
  SetAuthentication(curl, options_);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "assayd");
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(
                       options_.connect_timeout)));  // NOLINT(google-runtime-int): curl's type
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(
                       options_.timeout)));  // NOLINT(google-runtime-int): curl's type
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options_.verify_tls ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options_.verify_tls ? 2L : 0L);
  if (!options_.ca_path.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_path.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);

  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return ToStatus(code, body, request.url, options_);

  HttpResponse response;
  long status = 0;  // NOLINT(google-runtime-int): curl's type
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  curl_off_t retry_after_seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_seconds);
  if (retry_after_seconds > 0) response.retry_after = absl::Seconds(retry_after_seconds);
  response.body = std::move(body.text);
  return response;
}

std::string WithoutCredentials(const std::string& url) {
  const CurlUrl parts(curl_url(), curl_url_cleanup);
  if (parts == nullptr || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(),
                                       CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return "(malformed URL)";
  }
  curl_url_set(parts.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(parts.get(), CURLUPART_PASSWORD, nullptr, 0);
  char* clean = nullptr;
  if (curl_url_get(parts.get(), CURLUPART_URL, &clean, 0) != CURLUE_OK) return "(malformed URL)";
  std::string result(clean);
  curl_free(clean);
  return result;
}

std::string UrlEscape(const std::string& text) {
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  if (escaped == nullptr) return "";
  std::string result(escaped);
  curl_free(escaped);
  return result;
}

}  // namespace assay::server
