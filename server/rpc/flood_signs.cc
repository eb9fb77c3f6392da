// Signs of attacks in the unread bytes of an HTTP/2 connection.
#include "server/rpc/flood_signs.h"

#include <cstdint>

namespace assay::server {
namespace {

// So many RST_STREAM frames among the bytes are a flood. Clients that cancel all of their calls at
// once send at most max_streams, whose frames are 13 bytes each and leave no room for new calls.
constexpr int kFloodResets = 20;
// The least bytes between two resets of a flood: the frames of a new call.
constexpr size_t kFewestBytesBetween = 32;
// The begin of an RST_STREAM frame: a length of 4, type 3, no flags (section 6.4).
constexpr std::string_view kResetFrame("\x00\x00\x04\x03\x00", 5);

// A frame's header (section 4.1): length, type, flags, stream.
constexpr size_t kFrameHeaderBytes = 9;
constexpr size_t kTypeAt = 3;
constexpr size_t kStreamAt = 5;
constexpr size_t kStreamBytes = 4;
// A CONTINUATION frame that does not end the header: type 9, no flags (section 6.10).
constexpr std::string_view kContinuation("\x09\x00", 2);

size_t LengthAt(std::string_view bytes, size_t at) {
  size_t length = 0;
  for (size_t i = 0; i < kTypeAt; ++i) length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
  return length;
}

// True if a CONTINUATION frame of the stream begins at `at`.
bool IsContinuation(std::string_view bytes, size_t at, std::string_view stream) {
  return at + kFrameHeaderBytes <= bytes.size() &&
         bytes.substr(at + kTypeAt, kContinuation.size()) == kContinuation &&
         bytes.substr(at + kStreamAt, kStreamBytes) == stream;
}

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

bool HasEndlessHeader(std::string_view bytes) {
  for (size_t at = bytes.find(kContinuation); at != std::string_view::npos;
       at = bytes.find(kContinuation, at + 1)) {
    if (at < kTypeAt) continue;
    const size_t first = at - kTypeAt;
    if (first + kFrameHeaderBytes > bytes.size()) return false;
    const std::string_view stream = bytes.substr(first + kStreamAt, kStreamBytes);
    // Text may contain the same bytes, but not a chain of frames.
    const size_t second = first + kFrameHeaderBytes + LengthAt(bytes, first);
    if (IsContinuation(bytes, second, stream)) return true;
  }
  return false;
}

}  // namespace assay::server
