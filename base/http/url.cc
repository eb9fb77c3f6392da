// URL functions that use libcurl's own parser.
#include "base/http/url.h"

#include <curl/curl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace assay::http {
namespace {

using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

constexpr char kMalformed[] = "(malformed URL)";

CurlUrl Parse(const std::string& url, unsigned int flags) {
  CurlUrl parts(curl_url(), curl_url_cleanup);
  if (parts != nullptr &&
      curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), flags) != CURLUE_OK) {
    parts.reset();
  }
  return parts;
}

// Returns an empty string if the URL has no such part.
std::string Part(CURLU* parts, CURLUPart part, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(parts, part, &text, flags) != CURLUE_OK) return "";
  std::string result(text);
  curl_free(text);
  return result;
}

std::string Stripped(const std::string& url, bool remove_query) {
  const CurlUrl parts = Parse(url, CURLU_NON_SUPPORT_SCHEME);
  if (parts == nullptr) return kMalformed;
  curl_url_set(parts.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(parts.get(), CURLUPART_PASSWORD, nullptr, 0);
  if (remove_query) {
    curl_url_set(parts.get(), CURLUPART_QUERY, nullptr, 0);
    curl_url_set(parts.get(), CURLUPART_FRAGMENT, nullptr, 0);
  }
  std::string result = Part(parts.get(), CURLUPART_URL);
  return result.empty() ? kMalformed : result;
}

bool IsHttp(CURLU* parts) {
  const std::string scheme = Part(parts, CURLUPART_SCHEME);
  return scheme == "http" || scheme == "https";
}

}  // namespace

std::string WithoutCredentials(const std::string& url) {
  return Stripped(url, /*remove_query=*/false);
}

std::string WithoutSecrets(const std::string& url) { return Stripped(url, /*remove_query=*/true); }

std::string UrlEscape(const std::string& text) {
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  if (escaped == nullptr) return "";
  std::string result(escaped);
  curl_free(escaped);
  return result;
}

std::string UrlUnescape(const std::string& text) {
  int length = 0;
  char* unescaped =
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &length);
  if (unescaped == nullptr) return text;
  std::string result(unescaped, static_cast<size_t>(length));
  curl_free(unescaped);
  return result;
}

absl::StatusOr<Origin> OriginOf(const std::string& url) {
  const CurlUrl parts = Parse(url, 0);
  if (parts == nullptr || !IsHttp(parts.get())) {
    return absl::InvalidArgumentError(
        absl::StrCat(WithoutSecrets(url), ": not an http or https URL"));
  }
  return Origin{.scheme = Part(parts.get(), CURLUPART_SCHEME),
                .host = absl::AsciiStrToLower(Part(parts.get(), CURLUPART_HOST)),
                .port = Part(parts.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
}

absl::StatusOr<std::string> ResolveRedirect(const std::string& base, const std::string& location) {
  const CurlUrl parts = Parse(base, 0);
  // Setting a relative URL on a parsed one resolves it.
  if (parts == nullptr || location.empty() ||
      curl_url_set(parts.get(), CURLUPART_URL, location.c_str(), CURLU_URLENCODE) != CURLUE_OK ||
      !IsHttp(parts.get())) {
    return absl::InvalidArgumentError(absl::StrCat(
        WithoutSecrets(base), ": redirects to something that is not an http or https URL"));
  }
  return Part(parts.get(), CURLUPART_URL);
}

}  // namespace assay::http
