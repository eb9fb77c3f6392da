// Which request of which caller is next. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_FAIR_ORDER_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_FAIR_ORDER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "base/fair_share.h"
#include "engine/runtime/scheduler/sequence.h"

namespace assay::engine {

// What a caller is charged per token. Hosted services price generated tokens at a multiple of the
// prompt's, and cached ones at a fraction; the first two are the weights of Sheng et al., "Fairness
// in serving large language models" (OSDI 2024).
inline constexpr double kPromptTokenCost = 1;
inline constexpr double kGeneratedTokenCost = 2;
inline constexpr double kCachedTokenCost = 0.1;
// A draft token that was rejected was computed beside others, like a token of a prompt.
inline constexpr double kRejectedTokenCost = 1;

// How far a caller must be behind another one before its waiting request takes the place of a
// running one: about four steps of sixteen requests. Two callers that are nearly equal do not take
// places from each other all the time.
inline constexpr double kPreemptionLag = 128;

// True if `a` runs before `b`. The caller that received less comes first, where each of its running
// requests counts as kPreemptionLag, because it will cost about that much; of one caller's requests
// the one of the higher priority, then the one that arrived earlier.
bool RunsBefore(const Sequence& a, const Sequence& b);

// Moves the requests that may be preempted for `next` to the end of `running`, which must be sorted
// by RunsBefore(), and returns their number. The last one is the first to be preempted.
//
// Requests of the same caller are preempted if their priority is strictly lower. One of another
// caller is preempted if the caller of `next` is kPreemptionLag behind it and has fewer requests
// running afterwards, relative to the shares. A caller with nothing running need only be behind,
// and no more than even afterwards; once it is behind by what a request would lose, it may take
// even the only place of another caller.
size_t MovePreemptableLast(const Sequence& next, std::vector<std::unique_ptr<Sequence>>* running);

// Returns the index of the request that leaves a full queue for a new one of `caller`, which is
// counted in its account already: the last one of the caller that has the most places relative to
// its share, if it has no fewer of them afterwards. Only requests that never ran are removed.
// Returns `waiting.size()` if there is none.
template <typename Waiting>
size_t ChooseRemoved(const Waiting& waiting, const FairShare::Account& caller) {
  const Sequence* removed = nullptr;
  size_t place = waiting.size();
  for (size_t i = 0; i < waiting.size(); ++i) {
    const Sequence& one = *waiting[i];
    if (one.account == &caller || one.preemptions > 0) continue;
    const auto places = [](const Sequence& sequence) {
      return sequence.account->waiting / sequence.account->share;
    };
    const bool more = removed == nullptr || places(one) > places(*removed) ||
                      (places(one) == places(*removed) && RunsBefore(*removed, one));
    if (!more) continue;
    removed = &one;
    place = i;
  }
  if (removed == nullptr) return place;
  const FairShare::Account& most = *removed->account;
  return (most.waiting - 1) / most.share >= caller.waiting / caller.share ? place : waiting.size();
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_FAIR_ORDER_H_
