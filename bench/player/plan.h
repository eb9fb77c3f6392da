// Plans of requests that bench/serve.py passes to a player, and their outcomes.
#ifndef ASSAY_BENCH_PLAYER_PLAN_H_
#define ASSAY_BENCH_PLAYER_PLAN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/inference.pb.h"

namespace assay::bench {

// A request and when to send it.
struct PlannedRequest {
  assay::v1::GenerateRequest request;
  // The start, relative to the start of the plan.
  absl::Duration at = absl::ZeroDuration();
  // True: Generate; false: GenerateStream.
  bool unary = false;
  // Both are relative to the start of the request.
  absl::Duration cancel_after = absl::InfiniteDuration();
  absl::Duration deadline = absl::InfiniteDuration();
};

// A piece of streamed text.
struct Delta {
  // The arrival, relative to the start of the plan.
  absl::Duration time;
  int tokens;
};

// The outcome of a request.
struct Outcome {
  // "OK", "CANCELLED", ...
  std::string code;
  std::string message;
  // The delay of google.rpc.RetryInfo, if the error has one.
  std::optional<absl::Duration> retry_delay;
  // Relative to the start of the plan.
  absl::Duration start;
  absl::Duration end;
  // The pieces of a stream in order of arrival.
  std::vector<Delta> deltas;
  // Set if the code is OK.
  assay::v1::GenerateResponse completed;
};

// Measures the time since its construction on the monotonic clock.
class Stopwatch {
 public:
  absl::Duration Elapsed() const;

 private:
  const int64_t start_ = Now();

  static int64_t Now();
};

// Plays a plan to its end. Returns one outcome per request, in the order of the plan.
using PlayFn = std::function<std::vector<Outcome>(const std::vector<PlannedRequest>&)>;

// Parses a plan, a JSON list: [{"request": a GenerateRequest in protobuf's JSON, "at": seconds,
// "unary": bool, "cancel_after": seconds, "deadline": seconds}, ...]; only the request is required.
// INVALID_ARGUMENT names the entry.
absl::StatusOr<std::vector<PlannedRequest>> ReadPlan(const std::string& json);

// Reads plans from standard input, one per line, plays them one after the other, and writes a line
// of JSON for each: {"cpu_s": CPU time of this process, "wall_s": s, "outcomes": [{"code",
// "message", "retry_s" (null if the error has none), "start", "end", "deltas": [[seconds, tokens],
// ...], "text", "finish_reason", "prompt_tokens", "cached_tokens", "completion_tokens"}, ...]}.
// Returns the exit status of main().
int ServePlans(const PlayFn& play);

}  // namespace assay::bench

#endif  // ASSAY_BENCH_PLAYER_PLAN_H_
