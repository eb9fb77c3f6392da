// Signs of attacks in the unread bytes of an HTTP/2 connection (RFC 9113).
#ifndef ASSAY_SERVER_RPC_FLOOD_SIGNS_H_
#define ASSAY_SERVER_RPC_FLOOD_SIGNS_H_

#include <cstddef>
#include <string_view>

namespace assay::server {

// The bytes of a connection that show a flood: two frames of the greatest size and their headers.
inline constexpr size_t kFloodBytes = size_t{48} << 10;

// True if the bytes are mostly the beginnings and cancellations of calls ("rapid reset",
// CVE-2023-44487).
bool HasResetFlood(std::string_view bytes);

// True if one header continues over two more frames or longer. gRPC reads each part again with
// those before it (CVE-2023-33953), so a few endless headers keep all of its threads busy. A header
// of an allowed size, 16 KiB, needs one more frame at most.
bool HasEndlessHeader(std::string_view bytes);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_FLOOD_SIGNS_H_
