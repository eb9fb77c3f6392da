// Residency under a new catalog.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "registry/manager.h"
#include "registry/model_slot.h"

namespace assay::registry {
namespace {

constexpr absl::Duration kCancelPoll = absl::Milliseconds(10);

}  // namespace

ReloadReport Manager::Reload(Catalog catalog, const std::function<bool()>& cancelled) {
  absl::MutexLock reload_lock(&reload_mutex_);
  ReloadReport report;
  Changes changes;
  {
    absl::MutexLock lock(&mutex_);
    changes = TakeCatalog(std::move(catalog), &report);
  }
  Notify();
  for (const auto& [slot, entry] : changes) {
    const absl::Status status = options_.reload_beside ? LoadBeside(slot, entry, cancelled)
                                                       : LoadInPlace(slot, entry, cancelled);
    Notify();
    if (!status.ok()) report.failed.push_back(absl::StrCat(slot->id, ": ", status.message()));
  }
  return report;
}

Manager::Changes Manager::TakeCatalog(Catalog catalog, ReloadReport* report) {
  Changes changes;
  std::vector<SlotPtr> slots;
  for (const ModelEntry& entry : catalog.models) {
    SlotPtr slot = Find(entry.id);
    slots.push_back(slot == nullptr ? std::make_shared<ModelSlot>(entry) : slot);
    if (slot == nullptr) {
      report->added.push_back(entry.id);
      SetState(slots.back().get(), ModelState::kNew);
      continue;
    }
    const bool same = LoadsTheSame(*slot->entry, entry);
    if (!same) report->reloaded.push_back(entry.id);
    if (!same && (slot->model != nullptr || slot->IsLoading())) {
      changes.emplace_back(slot, entry);
      continue;
    }
    slot->entry = std::make_shared<const ModelEntry>(entry);
    if (!same && slot->state == ModelState::kFailed) SetState(slot.get(), ModelState::kNew);
  }
  for (const SlotPtr& slot : slots_) {
    if (std::find(slots.begin(), slots.end(), slot) != slots.end()) continue;
    report->removed.push_back(slot->id);
    Retire(slot);
  }
  slots_ = std::move(slots);
  catalog_ = std::make_shared<const Catalog>(std::move(catalog));
  ++changes_;
  return changes;
}

void Manager::Retire(const SlotPtr& slot) {
  slot->retired = true;
  others_.push_back(slot);
  ++changes_;
  if (slot->state == ModelState::kDraining && slot->cause == UnloadCause::kAsked) return;
  slot->cause = UnloadCause::kReloaded;
  if (slot->state == ModelState::kReady) {
    SetState(slot.get(), ModelState::kDraining, "the catalog changed");
  }
}

absl::Status Manager::LoadBeside(const SlotPtr& old, const ModelEntry& entry,
                                 const std::function<bool()>& cancelled) {
  const SlotPtr successor = std::make_shared<ModelSlot>(entry);
  {
    absl::MutexLock lock(&mutex_);
    while (old->IsLoading()) {
      AwaitChange(old.get(), nullptr).IgnoreError();
    }
    if (old->model == nullptr) {
      old->entry = successor->entry;
      return absl::OkStatus();
    }
    successor->quiet = true;
    successor->wanted = 1;
    SetState(successor.get(), ModelState::kLoading);
    others_.push_back(successor);
  }
  absl::Status loaded = RunLoad(successor.get(), cancelled);
  absl::MutexLock lock(&mutex_);
  --successor->wanted;
  std::erase(others_, successor);
  if (!loaded.ok()) return loaded;
  *std::find(slots_.begin(), slots_.end(), old) = successor;
  old->quiet = true;
  Retire(old);
  successor->quiet = false;
  SetState(successor.get(), ModelState::kReady, "the catalog changed");
  return absl::OkStatus();
}

absl::Status Manager::LoadInPlace(const SlotPtr& slot, const ModelEntry& entry,
                                  const std::function<bool()>& cancelled) {
  {
    absl::MutexLock lock(&mutex_);
    while (slot->IsLoading()) {
      AwaitChange(slot.get(), nullptr).IgnoreError();
    }
    if (slot->state == ModelState::kReady) {
      slot->cause = UnloadCause::kReloaded;
      SetState(slot.get(), ModelState::kDraining, "the catalog changed");
    }
    const auto unused = [&slot]() { return slot->handles == 0 && slot->visits == 0; };
    while (!mutex_.AwaitWithTimeout(absl::Condition(&unused), kCancelPoll)) {
      mutex_.Unlock();
      Notify();
      const bool stop = cancelled && cancelled();
      mutex_.Lock();
      if (!stop) continue;
      SetState(slot.get(), ModelState::kReady);
      return absl::CancelledError("cancelled while the model's requests ended");
    }
    slot->entry = std::make_shared<const ModelEntry>(entry);
    // Somebody who waits for memory may have freed it already.
    if (slot->model != nullptr) Free(slot, UnloadCause::kReloaded, "the catalog changed");
  }
  Notify();
  return Acquire(entry.id, nullptr, cancelled).status();
}

}  // namespace assay::registry
