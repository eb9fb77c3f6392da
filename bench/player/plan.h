// Requests to send at given times, and what came back: what bench/serve.py gives a player to play.
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

struct PlannedRequest {
  assay::v1::GenerateRequest request;
  // After the start of the plan.
  absl::Duration at = absl::ZeroDuration();
  // True: Generate; false: GenerateStream.
  bool unary = false;
  // Both after its own start.
  absl::Duration cancel_after = absl::InfiniteDuration();
  absl::Duration deadline = absl::InfiniteDuration();
};

struct Delta {
  // After the start of the plan.
  absl::Duration time;
  int tokens;
};

struct Outcome {
  // "OK", "CANCELLED", ...
  std::string code;
  std::string message;
  // Of google.rpc.RetryInfo, where the error has it.
  std::optional<absl::Duration> retry_delay;
  // After the start of the plan.
  absl::Duration start;
  absl::Duration end;
  // Of a stream, as they came.
  std::vector<Delta> deltas;
  // Set where the code is OK.
  assay::v1::GenerateResponse completed;
};

// What has passed since it was made, on the monotonic clock.
class Stopwatch {
 public:
  absl::Duration Elapsed() const;

 private:
  const int64_t start_ = Now();

  static int64_t Now();
};

// Plays a plan to its end; one outcome a request, in the plan's order.
using PlayFn = std::function<std::vector<Outcome>(const std::vector<PlannedRequest>&)>;

// A plan is a JSON list: [{"request": a GenerateRequest in protobuf's JSON, "at": seconds, "unary":
// bool, "cancel_after": seconds, "deadline": seconds}, ...]; all but the request may be absent.
// INVALID_ARGUMENT names the entry.
absl::StatusOr<std::vector<PlannedRequest>> ReadPlan(const std::string& json);

// Reads plans from standard input, one a line, plays one after the other, and writes for each a
// line of JSON: {"cpu_s": what this process computed meanwhile, "wall_s": s, "outcomes": [{"code",
// "message", "retry_s" (null: the error has none), "start", "end", "deltas": [[seconds, tokens],
// ...], "text", "finish_reason", "prompt_tokens", "cached_tokens", "completion_tokens"}, ...]}. The
// exit status of main().
int ServePlans(const PlayFn& play);

}  // namespace assay::bench

#endif  // ASSAY_BENCH_PLAYER_PLAN_H_
