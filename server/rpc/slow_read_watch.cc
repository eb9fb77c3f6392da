// Finds connections whose bytes cost gRPC too much time.
#include "server/rpc/slow_read_watch.h"

namespace assay::server {
namespace {

// Less than this is never too much.
constexpr uint64_t kFewBytes = uint64_t{4} << 20;
// Fewer bytes do not keep gRPC busy.
constexpr int64_t kFewestUnread = 4 << 10;
// How long gRPC must be slow, and below which speed it is: a busy machine still reads several times
// as fast.
constexpr absl::Duration kSlowTime = absl::Milliseconds(500);
constexpr double kSlowBytesPerSecond = 8 << 20;

}  // namespace

bool SlowReadWatch::Look(const ConnectionState& state) {
  if (state.has_progress || state.sent != progress_sent_) {
    progress_read_ = state.read;
    progress_sent_ = state.sent;
  }
  const bool is_busy = state.unread >= kFewestUnread;
  if (!is_busy || busy_since_ == absl::ZeroDuration() || state.read <= progress_read_) {
    busy_since_ = is_busy ? state.now : absl::ZeroDuration();
    busy_read_ = state.read;
  }
  const uint64_t silent = state.read - progress_read_;
  const absl::Duration busy = state.now - busy_since_;
  return silent > kFewBytes && is_busy && busy >= kSlowTime &&
         static_cast<double>(state.read - busy_read_) <
             kSlowBytesPerSecond * absl::ToDoubleSeconds(busy);
}

}  // namespace assay::server
