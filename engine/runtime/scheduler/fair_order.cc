// Which request of which caller is next.
#include "engine/runtime/scheduler/fair_order.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/fair_share.h"

namespace assay::engine {
namespace {

using Account = FairShare::Account;

// How many requests of each caller are preempted so far, as negative numbers.
using Changes = std::map<const Account*, int>;

bool MayPreempt(const Sequence& next, const Sequence& victim, Changes& changes) {
  const Account& ahead = *victim.account;
  const Account& behind = *next.account;
  if (&ahead == &behind) return victim.priority() < next.priority();
  const double lag = ahead.virtual_time - behind.virtual_time;
  const double left = ahead.Load(changes[&ahead] - 1);
  const double taken = behind.Load(changes[&behind] + 1);
  if (behind.running + changes[&behind] > 0) return lag >= kPreemptionLag && left > taken;
  const double lost = kGeneratedTokenCost * static_cast<double>(victim.length()) / ahead.share;
  return left >= taken ? lag > 0 : lag >= kPreemptionLag + lost;
}

}  // namespace

bool RunsBefore(const Sequence& a, const Sequence& b) {
  if (a.account != b.account) {
    const auto received = [](const Sequence& sequence) {
      return sequence.account->virtual_time + kPreemptionLag * sequence.account->Load();
    };
    if (received(a) != received(b)) return received(a) < received(b);
  }
  return a.priority() != b.priority() ? a.priority() > b.priority()
                                      : a.arrival_number < b.arrival_number;
}

size_t MovePreemptableLast(const Sequence& next, std::vector<std::unique_ptr<Sequence>>* running) {
  Changes changes;
  size_t preemptable = 0;
  while (preemptable < running->size()) {
    const auto end = running->end() - static_cast<std::ptrdiff_t>(preemptable);
    auto victim = end;
    while (victim != running->begin() && !MayPreempt(next, **(victim - 1), changes)) --victim;
    if (victim == running->begin()) break;
    --victim;
    --changes[(*victim)->account];
    std::rotate(victim, victim + 1, end);
    ++preemptable;
  }
  return preemptable;
}

}  // namespace assay::engine
