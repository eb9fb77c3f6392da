// A fake loader that can block and fail and that counts its loads. Its models have 100 bytes and
// are estimated at 110.
#ifndef ASSAY_TESTS_REGISTRY_RESIDENCY_FAKE_LOADER_H_
#define ASSAY_TESTS_REGISTRY_RESIDENCY_FAKE_LOADER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "registry/catalog/catalog.h"
#include "registry/residency/loader.h"

namespace assay::registry {

class FakeModel final : public ResidentModel {
 public:
  FakeModel(std::atomic<int>* alive, std::string dtype) : dtype(std::move(dtype)), alive_(alive) {
    ++*alive_;
  }
  ~FakeModel() override { --*alive_; }
  int64_t resident_bytes() const override { return 100; }

  // The dtype of the entry that the model was loaded for.
  const std::string dtype;

 private:
  std::atomic<int>* const alive_;
};

class FakeLoader final : public ModelLoader {
 public:
  absl::StatusOr<int64_t> Estimate(const ModelEntry&, const std::string&) override { return 110; }
  absl::StatusOr<std::unique_ptr<ResidentModel>> Load(const ModelEntry& entry, const std::string&,
                                                      const ProgressFn& progress,
                                                      const CallContext& context) override {
    ++loads;
    progress({.stage = "weights", .fraction = 0.5});
    while (held) {
      if (context.IsDone()) {
        if (on_cancelled) on_cancelled();
        return absl::CancelledError("cancelled");
      }
      absl::SleepFor(absl::Milliseconds(1));
    }
    if (entry.id == fails.load()) return absl::DataLossError("broken file");
    auto model = std::make_unique<FakeModel>(&alive, entry.dtype);
    int peak = max_alive;
    while (alive > peak && !max_alive.compare_exchange_weak(peak, alive)) {
    }
    return model;
  }

  std::atomic<int> loads = 0;
  std::atomic<int> alive = 0;
  std::atomic<int> max_alive = 0;
  std::atomic<bool> held = false;
  std::atomic<std::string_view> fails = std::string_view();
  // Called when a blocked load sees that its caller has gone, before it ends.
  std::function<void()> on_cancelled;
};

// Returns a catalog of models whose file exists.
inline Catalog CatalogOf(const std::vector<std::string>& ids) {
  Catalog catalog;
  for (const std::string& id : ids) {
    ModelEntry entry;
    entry.id = id;
    entry.path = "/proc/self/exe";
    catalog.models.push_back(entry);
  }
  return catalog;
}

}  // namespace assay::registry

#endif  // ASSAY_TESTS_REGISTRY_RESIDENCY_FAKE_LOADER_H_
