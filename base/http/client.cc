// An HTTP(S) client with limits, based on libcurl.
#include "base/http/client.h"

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/http/exchange.h"
#include "base/mutex_lock.h"

namespace assay::http {
namespace {

// curl_global_init counts its callers but was not thread-safe before curl 7.84.
// NOLINTNEXTLINE(bugprone-throwing-static-initialization): the constructor is constexpr.
ABSL_CONST_INIT absl::Mutex curl_global_mutex(absl::kConstInit);

// The buffer for a body that goes to a sink. Large pieces mean fewer writes to the disk.
constexpr int64_t kReceiveBufferBytes = 256 << 10;

// The answers' compressions. A server may be hostile, and the other decoders that curl can have are
// larger targets.
constexpr char kEncodings[] = "gzip, deflate";

using CurlHeaders = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void AllowHttpOnly(CURL* curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

void SetAuthentication(CURL* curl, const ClientOptions& options) {
  if (!options.username.empty() && !options.password.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options.password.c_str());
  } else if (!options.bearer_token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, options.bearer_token.c_str());
  }
}

CurlHeaders MakeHeaders(const Request& request) {
  // Without this header, curl waits a second for "100 Continue" before it sends a large body.
  CurlHeaders headers(curl_slist_append(nullptr, "Expect:"), curl_slist_free_all);
  for (const auto& [name, value] : request.headers) {
    // Appending does not change the first element, which `headers` owns.
    if (curl_slist_append(headers.get(), absl::StrCat(name, ": ", value).c_str()) == nullptr) break;
  }
  return headers;
}

void SetMethod(CURL* curl, const Request& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
}

// Returns a duration as curl expects it: in milliseconds, with 0 for no limit.
long Milliseconds(absl::Duration time) {  // NOLINT(google-runtime-int): curl's type
  if (time == absl::InfiniteDuration()) return 0;
  return static_cast<long>(absl::ToInt64Milliseconds(time));  // NOLINT(google-runtime-int)
}

void SetTransport(CURL* curl, const ClientOptions& options) {
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, Milliseconds(options.timeout));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options.verify_tls ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options.verify_tls ? 2L : 0L);
  if (!options.ca_path.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_path.c_str());
  if (!options.client_cert_path.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.client_cert_path.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.client_cert_path.c_str());
  }
}

}  // namespace

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      expires_at_ns_(absl::ToInt64Nanoseconds(absl::InfiniteDuration())) {
  const MutexLock lock(curl_global_mutex);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = curl_easy_init();
}

Client::~Client() {
  const MutexLock lock(curl_global_mutex);
  if (curl_ != nullptr) curl_easy_cleanup(curl_);
  curl_global_cleanup();
}

absl::StatusOr<Response> Client::Send(const Request& request) { return Receive(request, nullptr); }

absl::StatusOr<Response> Client::Receive(const Request& request, BodySink* sink) {
  if (curl_ == nullptr) return absl::ResourceExhaustedError("curl_easy_init: out of memory");
  CURL* curl = curl_;
  // A reset keeps the open connections and the DNS cache.
  curl_easy_reset(curl);
  const CurlHeaders headers = MakeHeaders(request);
  Exchange exchange(options_, request, *this, sink);
  AllowHttpOnly(curl);
  if (request.authenticate) SetAuthentication(curl, options_);
  SetMethod(curl, request);
  SetTransport(curl, options_);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (request.at_most_once) curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  if (request.accept_compressed) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, kEncodings);
  if (sink != nullptr) {
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE,
                     static_cast<long>(kReceiveBufferBytes));  // NOLINT(google-runtime-int)
  }
  exchange.Attach(curl);
  return exchange.Finish(curl, curl_easy_perform(curl));
}

const std::string* Response::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace assay::http
