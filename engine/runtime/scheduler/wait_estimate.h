// How long a request will wait until the model begins with it. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_WAIT_ESTIMATE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_WAIT_ESTIMATE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/fair_share.h"
#include "engine/runtime/scheduler/sequence.h"

namespace assay::engine {

// Estimates waits from the work that comes first, under the fair order of callers, and from the
// pace of the last steps. The length of a text that is not finished is estimated by the part of
// max_new_tokens that earlier texts used. Without a measured pace, waits are zero.
//
// The model is a fluid one: the running requests progress at the same rate, and a request that ends
// makes place for the next one of a caller that has less than its fair part of the places. Cheap.
// Not thread-safe.
class WaitEstimate {
 public:
  // The work that a request still is.
  struct Work {
    const FairShare::Account* account = nullptr;
    int64_t number = 0;
    int priority = 0;
    // The prompt tokens that must be computed.
    int64_t prompt_tokens = 0;
    // The tokens that it has generated, and the most that it may generate.
    int64_t generated_tokens = 0;
    int64_t max_tokens = 0;
  };
  // Returns the work that is left of a queued request.
  static Work WorkOf(const Sequence& sequence);

  // The time that a token adds to the work of the model.
  struct Pace {
    absl::Duration prompt_token;
    absl::Duration generated_token;
  };

  // `places` is the number of requests that run together at most.
  explicit WaitEstimate(int places) : places_(places) {}

  // The running requests after a step, and how many can run if the KV cache allows no more.
  void SetRunning(std::vector<Work> running, int places) {
    running_ = std::move(running);
    places_ = places;
  }
  void SetPace(Pace pace) { pace_ = pace; }
  // A request begins to run, or has left.
  void Add(const Work& work) { running_.push_back(work); }
  void Remove(int64_t number);
  // A text has ended after `tokens` of at most `max_tokens` tokens.
  void RecordText(int64_t tokens, int64_t max_tokens);

  // Returns how long a request of the caller would wait that arrives now, behind those of `waiting`
  // that run before it.
  absl::Duration Expected(const std::string& caller, double share, int priority,
                          const FairShare& callers, absl::Span<const Work> waiting) const;
  // Returns how long a request would wait if everybody were one caller.
  absl::Duration Backlog(absl::Span<const Work> waiting) const;
  // Returns how long it takes until the next request begins, so that the queue has a place.
  absl::Duration NextStart() const { return Backlog({}); }

  // The part of max_new_tokens that texts use, 0 to 1.
  double used_part() const { return used_part_; }

 private:
  // What a caller has, and the places that it can count on.
  struct Line {
    std::vector<double> running;
    std::vector<double> ahead;
    double places = 1;
  };

  double Seconds(const Work& work) const;
  absl::Duration WaitIn(Line line) const;

  int places_;
  Pace pace_;
  std::vector<Work> running_;
  double used_part_ = 1;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_WAIT_ESTIMATE_H_
