// Signs of an attack in the unread bytes of an HTTP/2 connection.
#include "server/rpc/flood_signs.h"

namespace assay::server {
namespace {

// So many RST_STREAM frames among the bytes are a flood. Clients that cancel all of their calls at
// once send at most max_streams, whose frames are 13 bytes each and leave no room for new calls.
constexpr int kFloodResets = 20;
// The least bytes between two resets of a flood: the frames of a new call.
constexpr size_t kFewestBytesBetween = 32;
// The begin of an RST_STREAM frame: a length of 4, type 3, no flags (section 6.4).
constexpr std::string_view kResetFrame("\x00\x00\x04\x03\x00", 5);

}  // namespace

bool HasResetFlood(std::string_view bytes) {
  int count = 0;
  size_t last_end = 0;
  for (size_t at = bytes.find(kResetFrame); at != std::string_view::npos;
       at = bytes.find(kResetFrame, at + kResetFrame.size())) {
    if (at >= last_end + kFewestBytesBetween && ++count == kFloodResets) return true;
    last_end = at + kResetFrame.size();
  }
  return false;
}

}  // namespace assay::server
