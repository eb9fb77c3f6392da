// URL functions. They use libcurl's own parser, so that the URL that is checked is the URL that is
// requested.
#ifndef ASSAY_BASE_HTTP_URL_H_
#define ASSAY_BASE_HTTP_URL_H_

#include <string>

#include "absl/status/statusor.h"

namespace assay::http {

// Returns `url` without user name and password, or "(malformed URL)" if it is no URL.
std::string WithoutCredentials(const std::string& url);

// Returns `url` without user name, password, query and fragment. The query of a signed URL is a
// credential too.
std::string WithoutSecrets(const std::string& url);

// Returns `text` escaped for use as a query value or as one segment of a path. Escapes '/' too.
std::string UrlEscape(const std::string& text);

// Returns `text` with each %XX decoded. Sequences that are not hexadecimal are kept.
std::string UrlUnescape(const std::string& text);

// The server that a URL refers to. Two URLs with the same origin are served by the same server.
struct Origin {
  // "http" or "https".
  std::string scheme;
  // In lower case.
  std::string host;
  // The default port of the scheme if the URL has none.
  std::string port;

  friend bool operator==(const Origin&, const Origin&) = default;
};

// Returns INVALID_ARGUMENT if `url` is not an http or https URL with a host.
absl::StatusOr<Origin> OriginOf(const std::string& url);

// Resolves the Location header of a response from `base`. Returns INVALID_ARGUMENT if the result is
// not an http or https URL.
absl::StatusOr<std::string> ResolveRedirect(const std::string& base, const std::string& location);

}  // namespace assay::http

#endif  // ASSAY_BASE_HTTP_URL_H_
