// URLs, by libcurl's own parser, so that what is checked is what is called.
#ifndef ASSAY_BASE_HTTP_URL_H_
#define ASSAY_BASE_HTTP_URL_H_

#include <string>

#include "absl/status/statusor.h"

namespace assay::http {

// `url` without user name and password; "(malformed URL)" where it is none.
std::string WithoutCredentials(const std::string& url);

// `url` without them and without query and fragment, which in signed URLs are credentials too.
std::string WithoutSecrets(const std::string& url);

// `text` escaped for use as a query value or as one segment of a path ('/' is escaped too).
std::string UrlEscape(const std::string& text);

// `text` with its %XX read; as it is where there are none, or they are not hexadecimal.
std::string UrlUnescape(const std::string& text);

// Where a request for a URL goes. Two URLs with the same origin are served by the same server.
struct Origin {
  // "http" or "https", lower case.
  std::string scheme;
  // Lower case.
  std::string host;
  // The scheme's own where the URL has none.
  std::string port;

  friend bool operator==(const Origin&, const Origin&) = default;
};

// INVALID_ARGUMENT: not an http or https URL with a host.
absl::StatusOr<Origin> OriginOf(const std::string& url);

// Where a Location header leads that came with the answer from `base`. INVALID_ARGUMENT: no URL, or
// not http or https.
absl::StatusOr<std::string> ResolveRedirect(const std::string& base, const std::string& location);

}  // namespace assay::http

#endif  // ASSAY_BASE_HTTP_URL_H_
