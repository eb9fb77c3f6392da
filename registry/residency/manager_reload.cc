// The residency manager under a new catalog.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "registry/residency/manager.h"
#include "registry/residency/model_slot.h"

namespace assay::registry {
namespace {

absl::Status Cancelled() { return absl::CancelledError("the reload was cancelled"); }

}  // namespace

ReloadReport Manager::Reload(Catalog catalog, const CallContext& context) {
  MutexLock reload_lock(reload_mutex_);
  ReloadReport report;
  Changes changes;
  {
    MutexLock lock(mutex_);
    changes = ApplyCatalog(std::move(catalog), &report);
  }
  Notify();
  for (const auto& [slot, entry] : changes) {
    const absl::Status status = options_.reload_beside ? LoadBeside(slot, entry, context)
                                                       : LoadInPlace(slot, entry, context);
    Notify();
    if (status.ok()) continue;
    report.failed.push_back(absl::StrCat(slot->id, ": ", status.message()));
    MutexLock lock(mutex_);
    if (slot->next_entry == nullptr || slot->state != ModelState::kReady) continue;
    slot->reason = absl::StrCat("still the model of the old catalog: ", status.message());
  }
  return report;
}

Manager::Changes Manager::ApplyCatalog(Catalog catalog, ReloadReport* report) {
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
      slot->next_entry = std::make_shared<const ModelEntry>(entry);
      changes.emplace_back(slot, entry);
      continue;
    }
    slot->entry = std::make_shared<const ModelEntry>(entry);
    slot->next_entry = nullptr;
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
  slot->next_entry = nullptr;
  ++changes_;
  const bool freed = slot->state == ModelState::kDraining && slot->model == nullptr;
  if (slot->model == nullptr && !slot->IsLoading() && !freed) return;
  detached_slots_.push_back(slot);
  if (slot->state == ModelState::kDraining && slot->cause == UnloadCause::kRequested) return;
  slot->cause = UnloadCause::kReloaded;
  if (slot->state == ModelState::kReady) {
    SetState(slot.get(), ModelState::kDraining, "the catalog changed");
  }
}

void Manager::RemoveDetached(const ModelSlot* slot) {
  std::erase_if(detached_slots_, [slot](const SlotPtr& other) { return other.get() == slot; });
}

absl::Status Manager::LoadBeside(const SlotPtr& old, const ModelEntry& entry,
                                 const CallContext& context) {
  const SlotPtr successor = std::make_shared<ModelSlot>(entry);
  {
    MutexLock lock(mutex_);
    while (old->next_entry != nullptr && old->IsLoading()) {
      if (Pause(context)) return Cancelled();
    }
    // The old model was unloaded meanwhile. Its next load uses the new entry.
    if (old->next_entry == nullptr || old->model == nullptr) return absl::OkStatus();
    successor->quiet = true;
    successor->waiters = 1;
    SetState(successor.get(), ModelState::kLoading);
    detached_slots_.push_back(successor);
  }
  absl::Status loaded = RunLoad(successor.get(), context);
  MutexLock lock(mutex_);
  RemoveWaiter(successor.get());
  RemoveDetached(successor.get());
  if (!loaded.ok()) return loaded;
  *std::find(slots_.begin(), slots_.end(), old) = successor;
  old->quiet = true;
  Retire(old);
  successor->quiet = false;
  SetState(successor.get(), ModelState::kReady, "the catalog changed");
  return absl::OkStatus();
}

absl::Status Manager::Drain(const SlotPtr& slot, const CallContext& context) {
  const auto draining = [&slot] {
    return slot->state == ModelState::kDraining && slot->cause == UnloadCause::kReloaded;
  };
  while (slot->next_entry != nullptr && (slot->model != nullptr || slot->IsLoading())) {
    // A model that is being unloaded by request is left alone: it is freed or becomes ready again.
    if (slot->state == ModelState::kReady) {
      slot->cause = UnloadCause::kReloaded;
      SetState(slot.get(), ModelState::kDraining, "the catalog changed");
    } else if (slot->state == ModelState::kDraining && slot->cause == UnloadCause::kEvicted) {
      slot->cause = UnloadCause::kReloaded;
    }
    if (draining() && slot->IsDrained()) return absl::OkStatus();
    if (!Pause(context)) continue;
    if (draining() && slot->model != nullptr) SetState(slot.get(), ModelState::kReady);
    return Cancelled();
  }
  return absl::OkStatus();
}

absl::Status Manager::LoadInPlace(const SlotPtr& slot, const ModelEntry& entry,
                                  const CallContext& context) {
  // The old model serves until the new files are on this machine and can be read.
  ASSIGN_OR_RETURN(const std::string file,
                   Locate(entry, [](const LoadStep&) {}, context, /*slot=*/nullptr));
  RETURN_IF_ERROR(loader_->Estimate(entry, file).status());
  {
    MutexLock lock(mutex_);
    RETURN_IF_ERROR(Drain(slot, context));
    if (slot->next_entry == nullptr || slot->model == nullptr) return absl::OkStatus();
    Free(slot, UnloadCause::kReloaded, "the catalog changed");
  }
  Notify();
  return Acquire(entry.id, nullptr, context).status();
}

}  // namespace assay::registry
