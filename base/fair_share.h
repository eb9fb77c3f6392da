// Shares a resource between callers in proportion to their shares.
#ifndef ASSAY_BASE_FAIR_SHARE_H_
#define ASSAY_BASE_FAIR_SHARE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "base/caller_share.h"

namespace assay {

// The accounts of the callers of one resource, for start-time fair queueing: each caller has a
// virtual time, which is what it received divided by its share, and the caller with the lowest
// virtual time is next. (Goyal, Vin, Cheng, "Start-time fair queueing", SIGCOMM 1996; for language
// models the virtual token counter of Sheng et al., "Fairness in serving large language models",
// OSDI 2024.)
//
// A caller that has nothing waiting saves no credit: when it returns, its virtual time is at least
// the lowest of the callers that wait, or the highest of all if none waits. Two callers that always
// wait receive the same, relative to their shares, up to the cost of the requests that run at the
// same time.
//
// Knows about the callers that have requests, and about kMaxIdle others that received more than
// their share. Each call takes time linear in the number of these callers at most. Not thread-safe.
class FairShare {
 public:
  static constexpr size_t kMaxIdle = 1024;

  // One caller. Read-only for others. Valid while it has requests.
  struct Account {
    double share = 1;
    // What the caller received, divided by its share.
    double virtual_time = 0;
    // The numbers of its requests that wait, and of those that the resource works on.
    int waiting = 0;
    int running = 0;
    // The number of its requests that neither wait for a place nor have one.
    int beside = 0;

    bool IsIdle() const { return waiting == 0 && running == 0 && beside == 0; }
    // The running requests relative to the share, after `change`.
    double Load(int change = 0) const { return (running + change) / share; }
  };
  using Accounts = std::map<std::string, Account, std::less<>>;

  // Counts a request that begins to wait. Takes over the caller's share.
  Account* Arrive(const CallerShare& caller);
  // Counts a request that needs no place, and is charged like others.
  Account* ArriveBeside(const CallerShare& caller);
  // Counts a waiting request as running.
  void Start(Account* account);
  // Counts a running request as waiting again: it was preempted.
  void Suspend(Account* account);
  // Counts that a request has left. Forgets callers that need not be remembered; the account must
  // not be used anymore if it has no other request.
  void LeaveWaiting(Account* account);
  void LeaveRunning(Account* account);
  void LeaveBeside(Account* account);

  // Adds what the resource did for a caller.
  void Charge(Account* account, double cost) { account->virtual_time += cost / account->share; }

  // Returns null if the caller has no account.
  const Account* Find(const std::string& id) const;
  const Accounts& accounts() const { return accounts_; }

 private:
  // The virtual time at which a caller begins that arrives now, or null if it is the only one.
  // `except` is left out.
  const double* VirtualNow(const Account* except) const;
  // Returns the caller's account, brought up to the virtual time of now if it has nothing waiting.
  Account* Begin(const CallerShare& caller);
  void Forget();

  Accounts accounts_;
};

}  // namespace assay

#endif  // ASSAY_BASE_FAIR_SHARE_H_
