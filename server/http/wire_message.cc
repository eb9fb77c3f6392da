// Converts between Boost.Beast's messages and the server's, and words the refusals of requests.
#include "server/http/wire_message.h"

#include <boost/beast/http/error.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::server {
namespace {

namespace http = boost::beast::http;

constexpr int kBadRequest = 400;
constexpr int kRequestTimeout = 408;
constexpr int kContentTooLarge = 413;
constexpr int kHeaderFieldsTooLarge = 431;
constexpr unsigned kVersion11 = 11;

// Boost's string views are not convertible to those of the standard in all releases.
template <class View>
std::string_view Std(View view) {
  return {view.data(), view.size()};
}

// Returns the target without scheme and host: "http://host/path" is allowed (RFC 9112, section
// 3.2.2). Empty if there is no path.
std::string_view OriginForm(std::string_view target) {
  constexpr std::string_view kScheme = "://";
  const size_t scheme = target.find(kScheme);
  if (!target.starts_with('/') && scheme != std::string_view::npos) {
    const size_t path = target.find('/', scheme + kScheme.size());
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target.starts_with('/') ? target : std::string_view();
}

}  // namespace

HttpRequest FromWire(const WireRequest& message, const std::string& peer) {
  HttpRequest request{.method = std::string(Std(message.method_string())), .peer = peer};
  const std::string_view target = OriginForm(Std(message.target()));
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    request.headers.push_back(
        {.name = std::string(Std(field.name_string())), .value = std::string(Std(field.value()))});
  }
  return request;
}

WireResponse ToWire(HttpResponse response, bool is_head) {
  WireResponse message;
  message.result(static_cast<unsigned>(response.status));
  message.set(http::field::content_type, response.content_type);
  for (const HttpHeader& header : response.headers) message.insert(header.name, header.value);
  message.content_length(response.body.size());
  if (!is_head) message.body() = std::move(response.body);
  return message;
}

http::response<http::empty_body> ToWireHead(const HttpResponse& head, bool is_chunked) {
  http::response<http::empty_body> message;
  message.result(static_cast<unsigned>(head.status));
  message.set(http::field::content_type, head.content_type);
  for (const HttpHeader& header : head.headers) message.insert(header.name, header.value);
  message.chunked(is_chunked);
  return message;
}

std::optional<HttpResponse> CheckHeader(const WireRequest& message) {
  if (message.version() >= kVersion11 && message.count(http::field::host) != 1) {
    return PlainText(kBadRequest, "The request must have one header Host.");
  }
  if (OriginForm(Std(message.target())).empty()) {
    return PlainText(kBadRequest, "The target of the request must be a path, like /metrics.");
  }
  return std::nullopt;
}

bool ExpectsContinue(const WireRequest& message) {
  const std::string_view expect = Std(message[http::field::expect]);
  return absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()), "100-continue");
}

std::optional<HttpResponse> RefuseMalformed(const boost::system::error_code& error,
                                            uint32_t max_header_bytes, uint64_t max_body_bytes) {
  if (error.category() != http::make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  if (error == http::error::end_of_stream) return std::nullopt;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return PlainText(kHeaderFieldsTooLarge,
                     absl::StrCat("The request line and the headers have more than ",
                                  max_header_bytes, " bytes; send fewer or shorter headers."));
  }
  if (error == http::error::body_limit) return BodyTooLarge(max_body_bytes);
  if (error == http::error::partial_message) {
    return PlainText(kBadRequest, "The request ended before it was complete.");
  }
  return PlainText(kBadRequest,
                   absl::StrCat("The request is not HTTP/1.1: ", error.message(), "."));
}

HttpResponse BodyTooLarge(uint64_t max_body_bytes) {
  if (max_body_bytes == 0) {
    return PlainText(kContentTooLarge, "This path takes no body; send the request without one.");
  }
  return PlainText(kContentTooLarge, absl::StrCat("The body has more than ", max_body_bytes,
                                                  " bytes, the limit of this path."));
}

HttpResponse RequestTimeout(std::chrono::milliseconds timeout) {
  return PlainText(kRequestTimeout,
                   absl::StrCat("The request was not complete after ", timeout.count(), " ms."));
}

}  // namespace assay::server
