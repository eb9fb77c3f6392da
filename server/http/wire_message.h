// Converts between Boost.Beast's messages and the server's, and words the refusals of requests.
#ifndef ASSAY_SERVER_HTTP_WIRE_MESSAGE_H_
#define ASSAY_SERVER_HTTP_WIRE_MESSAGE_H_

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "server/http/message.h"

namespace assay::server {

using WireRequest = boost::beast::http::request<boost::beast::http::string_body>;
using WireResponse = boost::beast::http::response<boost::beast::http::string_body>;

// Copies everything but the body.
HttpRequest FromWire(const WireRequest& message, const std::string& peer);

// The response to HEAD has the length of the body, but no body. The caller sets version and
// keep-alive.
WireResponse ToWire(HttpResponse response, bool is_head);

// The head of a response whose body follows in chunks, or until the end of the connection.
boost::beast::http::response<boost::beast::http::empty_body> ToWireHead(const HttpResponse& head,
                                                                        bool is_chunked);

// Returns status 400 if the header is not one that this server answers: no Host in HTTP/1.1, or a
// target without a path.
std::optional<HttpResponse> CheckHeader(const WireRequest& message);

// Returns true if the client waits for status 100 before it sends the body.
bool ExpectsContinue(const WireRequest& message);

// Returns the refusal of a request that was not read because of `error`: 400, 413 or 431. Returns
// nothing if the client has gone.
std::optional<HttpResponse> RefuseMalformed(const boost::system::error_code& error,
                                            uint32_t max_header_bytes, uint64_t max_body_bytes);

HttpResponse BodyTooLarge(uint64_t max_body_bytes);
HttpResponse RequestTimeout(std::chrono::milliseconds timeout);

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_WIRE_MESSAGE_H_
