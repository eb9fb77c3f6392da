// Finds stop strings in streamed text.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_STOP_MATCHER_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_STOP_MATCHER_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay::engine {

// Passes text up to the first stop string, and holds back text that may be the beginning of one.
// The cost of a call is (text + longest stop) * stops. Not thread-safe.
class StopMatcher {
 public:
  // None of `stops` may be empty.
  explicit StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  // Adds text. Returns the text that is now certain to be before any stop string.
  std::string Append(std::string_view text);

  // Ends the text. Returns the text that was held back; empty after a match.
  std::string Flush();

  // True after a stop string was found. All text from its first byte on is dropped.
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  std::string pending_;
  bool stopped_ = false;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_STOP_MATCHER_H_
