// Selects and combines energy meters.
#include "server/energy/energy_meter.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "server/energy/nvml_meter.h"
#include "server/energy/powermetrics_meter.h"
#include "server/energy/rapl_meter.h"

namespace assay::server {
namespace {

class SumMeter final : public evaluator::EnergyMeter {
 public:
  explicit SumMeter(std::vector<std::unique_ptr<evaluator::EnergyMeter>> parts)
      : parts_(std::move(parts)) {}

  double Joules() override {
    double joules = 0;
    for (const auto& part : parts_) joules += part->Joules();
    return joules;
  }

  std::string source() const override {
    return absl::StrJoin(parts_, "+",
                         [](std::string* out, const auto& part) { out->append(part->source()); });
  }

 private:
  const std::vector<std::unique_ptr<evaluator::EnergyMeter>> parts_;
};

}  // namespace

std::unique_ptr<evaluator::EnergyMeter> FindEnergyMeter(const EnergySources& sources) {
  std::vector<std::unique_ptr<evaluator::EnergyMeter>> parts;
  const auto add = [&parts](std::unique_ptr<evaluator::EnergyMeter> meter) {
    if (meter != nullptr) parts.push_back(std::move(meter));
  };
  if (!sources.powercap.empty()) add(MakeRaplMeter(sources.powercap));
  // Without RAPL, NVML would measure almost nothing of a model that runs on the CPU.
  if (!sources.nvml_library.empty() && (sources.on_nvidia || !parts.empty())) {
    add(MakeNvmlMeter(sources.nvml_library));
  }
  if (!sources.powermetrics.empty()) add(MakePowermetricsMeter(sources.powermetrics));
  if (parts.empty()) return nullptr;
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<SumMeter>(std::move(parts));
}

}  // namespace assay::server
