// Compresses responses with gzip (RFC 1952).
#ifndef ASSAY_SERVER_HTTP_GZIP_H_
#define ASSAY_SERVER_HTTP_GZIP_H_

#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace assay::server {

// Returns true if a header Accept-Encoding names gzip with a weight above 0 (RFC 9110, section
// 12.5.3). "*" alone does not count.
bool AcceptsGzip(std::string_view accept_encoding);

// Returns `text` compressed by the fastest level of zlib; nothing if zlib has no memory.
std::optional<std::string> Gzip(std::string_view text);

// Compresses the body of `response` if it is large and `request` accepts it, and adds the headers
// Content-Encoding and Vary.
void CompressFor(const HttpRequest& request, HttpResponse* response);

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_GZIP_H_
