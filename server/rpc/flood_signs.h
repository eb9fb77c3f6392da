// Signs of an attack in the unread bytes of an HTTP/2 connection (RFC 9113).
#ifndef ASSAY_SERVER_RPC_FLOOD_SIGNS_H_
#define ASSAY_SERVER_RPC_FLOOD_SIGNS_H_

#include <cstddef>
#include <string_view>

namespace assay::server {

// The bytes of a connection that show a flood.
inline constexpr size_t kFloodBytes = size_t{16} << 10;

// True if the bytes are mostly the beginnings and cancellations of calls ("rapid reset",
// CVE-2023-44487).
bool HasResetFlood(std::string_view bytes);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_FLOOD_SIGNS_H_
