// A fixture with a manager of fake models that records all state changes.
#ifndef ASSAY_TESTS_REGISTRY_RESIDENCY_RESIDENCY_FIXTURE_H_
#define ASSAY_TESTS_REGISTRY_RESIDENCY_RESIDENCY_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/patience.h"
#include "tests/registry/residency/fake_loader.h"

namespace assay::registry {

class ResidencyTest : public testing::Test {
 protected:
  void Make(Catalog catalog, Manager::Options options,
            absl::Duration least_residency = absl::ZeroDuration()) {
    options.least_residency = least_residency;
    manager_ = std::make_unique<Manager>(
        std::move(catalog), &loader_, std::move(options), [this](const ModelStatus& status) {
          MutexLock lock(mutex_);
          events_.push_back(
              absl::StrCat(status.entry.id, ":", std::string(ModelStateName(status.state))));
        });
  }
  ModelState StateOf(const std::string& id) { return manager_->Get(id)->state; }
  void Use(const std::string& id) { ASSERT_TRUE(manager_->Acquire(id).ok()) << id; }
  void AwaitState(const std::string& id, ModelState state) {
    const absl::Time end = absl::Now() + Patience();
    while (StateOf(id) != state && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
    ASSERT_EQ(StateOf(id), state) << id;
  }
  std::string DtypeOf(const std::string& id) {
    absl::StatusOr<Handle> handle = manager_->Acquire(id);
    return handle.ok() ? static_cast<FakeModel&>(handle->model()).dtype : "";
  }
  // Waits until the condition is true, or Patience() has passed. Returns its last value.
  static bool Becomes(const std::function<bool()>& condition) {
    const absl::Time end = absl::Now() + Patience();
    while (!condition() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
    return condition();
  }
  // Returns the catalog with another dtype for one model.
  static Catalog With(Catalog catalog, const std::string& id, const std::string& dtype) {
    for (ModelEntry& entry : catalog.models) {
      if (entry.id == id) entry.dtype = dtype;
    }
    return catalog;
  }
  // Acquires the model and releases it; gives up after `patience`.
  absl::Status TryUse(const std::string& id, absl::Duration patience = Patience()) {
    const absl::Time end = absl::Now() + patience;
    return manager_->Acquire(id, nullptr, CallContext([end] { return absl::Now() > end; }))
        .status();
  }
  std::vector<std::string> Events() {
    MutexLock lock(mutex_);
    return events_;
  }

  FakeLoader loader_;
  absl::Mutex mutex_;
  std::vector<std::string> events_;
  std::unique_ptr<Manager> manager_;
};

}  // namespace assay::registry

#endif  // ASSAY_TESTS_REGISTRY_RESIDENCY_RESIDENCY_FIXTURE_H_
