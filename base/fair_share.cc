// Shares a resource between callers in proportion to their shares.
#include "base/fair_share.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

namespace assay {

const double* FairShare::VirtualNow(const Account* except) const {
  const Account* lowest_waiting = nullptr;
  const Account* highest = nullptr;
  for (const auto& [id, account] : accounts_) {
    if (&account == except || account.IsIdle()) continue;
    // Those that wait have as much as they can get; others may merely want less than their share.
    if (account.waiting > 0 &&
        (lowest_waiting == nullptr || account.virtual_time < lowest_waiting->virtual_time)) {
      lowest_waiting = &account;
    }
    if (highest == nullptr || account.virtual_time > highest->virtual_time) highest = &account;
  }
  // While no caller waits, none is owed anything: who uses what is free owes nothing later.
  const Account* const now = lowest_waiting != nullptr ? lowest_waiting : highest;
  return now == nullptr ? nullptr : &now->virtual_time;
}

FairShare::Account* FairShare::Begin(const CallerShare& caller) {
  Account& account = accounts_[caller.id];
  account.share = caller.share;
  if (account.waiting == 0) {
    const double* const now = VirtualNow(&account);
    if (now != nullptr) account.virtual_time = std::max(account.virtual_time, *now);
  }
  return &account;
}

FairShare::Account* FairShare::Arrive(const CallerShare& caller) {
  Account* const account = Begin(caller);
  ++account->waiting;
  return account;
}

FairShare::Account* FairShare::ArriveBeside(const CallerShare& caller) {
  Account* const account = Begin(caller);
  ++account->beside;
  return account;
}

void FairShare::Start(Account* account) {
  --account->waiting;
  ++account->running;
}

void FairShare::Suspend(Account* account) {
  --account->running;
  ++account->waiting;
}

void FairShare::LeaveWaiting(Account* account) {
  --account->waiting;
  if (account->IsIdle()) Forget();
}

void FairShare::LeaveBeside(Account* account) {
  --account->beside;
  if (account->IsIdle()) Forget();
}

void FairShare::LeaveRunning(Account* account) {
  --account->running;
  if (account->IsIdle()) Forget();
}

const FairShare::Account* FairShare::Find(const std::string& id) const {
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &found->second;
}

void FairShare::Forget() {
  const double* const now = VirtualNow(nullptr);
  if (now == nullptr) {
    accounts_.clear();
    return;
  }
  // They would begin at this virtual time if they returned.
  const double virtual_now = *now;
  std::erase_if(accounts_, [&](const auto& entry) {
    return entry.second.IsIdle() && entry.second.virtual_time <= virtual_now;
  });
  const auto idle = static_cast<size_t>(std::count_if(
      accounts_.begin(), accounts_.end(), [](const auto& entry) { return entry.second.IsIdle(); }));
  if (idle <= kMaxIdle) return;
  auto least = accounts_.end();
  for (auto it = accounts_.begin(); it != accounts_.end(); ++it) {
    if (!it->second.IsIdle()) continue;
    if (least == accounts_.end() || it->second.virtual_time < least->second.virtual_time) {
      least = it;
    }
  }
  accounts_.erase(least);
}

}  // namespace assay
