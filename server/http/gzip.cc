// Compresses responses with gzip (RFC 1952).
#include "server/http/gzip.h"

#include <zlib.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace assay::server {
namespace {

// zlib writes the header of gzip if this is added to the size of the window.
constexpr int kGzipHeader = 16;
constexpr int kMemoryLevel = 8;
// A smaller body fits one packet of the network as it is.
constexpr size_t kFewestBytes = 1400;

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  const absl::string_view all(accept_encoding.data(), accept_encoding.size());
  for (const absl::string_view item : absl::StrSplit(all, ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(item, absl::MaxSplits(';', 1));
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts.first), "gzip")) continue;
    absl::string_view weight = absl::StripAsciiWhitespace(parts.second);
    if (weight.empty()) return true;
    double value = 0;
    return absl::StartsWithIgnoreCase(weight, "q=") && absl::SimpleAtod(weight.substr(2), &value) &&
           value > 0;
  }
  return false;
}

std::optional<std::string> Gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipHeader, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int code = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return std::nullopt;
  return result;
}

void CompressFor(const HttpRequest& request, HttpResponse* response) {
  response->headers.push_back({.name = "Vary", .value = "Accept-Encoding"});
  if (response->body.size() < kFewestBytes) return;
  if (!AcceptsGzip(request.Header("Accept-Encoding"))) return;
  std::optional<std::string> compressed = Gzip(response->body);
  if (!compressed.has_value()) return;
  response->body = *std::move(compressed);
  response->headers.push_back({.name = "Content-Encoding", .value = "gzip"});
}

}  // namespace assay::server
