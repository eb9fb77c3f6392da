// Finds stop strings in streamed text.
#include "engine/runtime/generation/stop_matcher.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace assay::engine {
namespace {

// Returns the length of the longest proper prefix of `stop` that `text` ends with.
size_t OpenPrefix(std::string_view text, std::string_view stop) {
  for (size_t size = std::min(text.size(), stop.size() - 1); size > 0; --size) {
    if (text.ends_with(stop.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

std::string StopMatcher::Append(std::string_view text) {
  if (stopped_) return "";
  pending_.append(text);
  size_t first = std::string::npos;
  size_t first_end = std::string::npos;
  size_t held = 0;
  for (const std::string& stop : stops_) {
    held = std::max(held, OpenPrefix(pending_, stop));
    const size_t start = pending_.find(stop);
    if (start == std::string::npos) continue;
    const size_t end = start + stop.size();
    if (end > first_end || (end == first_end && start > first)) continue;
    first = start;
    first_end = end;
  }
  stopped_ = first != std::string::npos;
  std::string out = pending_.substr(0, stopped_ ? first : pending_.size() - held);
  pending_.erase(0, stopped_ ? pending_.size() : out.size());
  return out;
}

std::string StopMatcher::Flush() { return std::exchange(pending_, {}); }

}  // namespace assay::engine
