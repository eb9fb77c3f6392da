// The cost of keeping several models resident on one machine.
#include "evaluator/economics/deployment_report.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/economics/figure_list.h"

namespace assay::evaluator {
namespace {

constexpr double kBytesPerGigabyte = 1e9;

double Gigabytes(const DeployedModel& model) { return model.resident_bytes / kBytesPerGigabyte; }

void AddMachine(const EconomicsInputs& in, FigureList& figures) {
  constexpr double kWattsPerKilowatt = 1000.0;
  figures.Add({.name = "idle_electricity_usd_per_day",
               .value = in.idle_power_watts / kWattsPerKilowatt * in.idle_hours_per_day *
                        in.electricity_usd_per_kwh,
               .unit = "USD/day",
               .formula = "idle_power_watts / 1000 * idle_hours_per_day * electricity_usd_per_kwh",
               .inputs = {{"idle_power_watts", in.idle_power_watts},
                          {"idle_hours_per_day", in.idle_hours_per_day},
                          {"electricity_usd_per_kwh", in.electricity_usd_per_kwh}},
               .note = "once per machine, regardless of the number of resident models"});
  figures.Add({.name = "hardware_usd_per_day",
               .value = in.hardware_usd / (in.hardware_years * kDaysPerYear),
               .unit = "USD/day",
               .formula = "hardware_usd / (hardware_years * 365)",
               .inputs = {{"hardware_usd", in.hardware_usd}, {"hardware_years", in.hardware_years}},
               .note = in.hardware_usd == 0 ? "hardware_usd is not stated" : ""});
}

void AddMemory(std::string name, double resident_gb, double memory_gb, std::string note,
               FigureList& figures) {
  const double hardware = figures["hardware_usd_per_day"];
  figures.Add({.name = std::move(name),
               .value = resident_gb / memory_gb * hardware,
               .unit = "USD/day",
               .formula = "resident_gb / memory_gb * hardware_usd_per_day",
               .inputs = {{"resident_gb", resident_gb},
                          {"memory_gb", memory_gb},
                          {"hardware_usd_per_day", hardware}},
               .note = std::move(note)});
}

}  // namespace

std::vector<DeployedModel> DeployedModels(const EvaluationPlan& plan,
                                          const std::vector<Summary>& summaries) {
  std::vector<DeployedModel> deployed;
  for (const Candidate& candidate : plan.models) {
    const bool known =
        std::any_of(deployed.begin(), deployed.end(),
                    [&candidate](const DeployedModel& m) { return m.name == candidate.model; });
    const auto summary =
        std::find_if(summaries.begin(), summaries.end(), [&candidate](const Summary& s) {
          return s.model == candidate.name && s.content_type.empty() && s.resident_bytes > 0;
        });
    if (known || summary == summaries.end()) continue;
    deployed.push_back(
        {.name = candidate.model, .resident_bytes = static_cast<double>(summary->resident_bytes)});
  }
  return deployed;
}

std::vector<Figure> DeploymentReport(const EconomicsInputs& inputs,
                                     const std::vector<DeployedModel>& models) {
  if (models.empty() || (inputs.idle_power_watts == 0 && inputs.hardware_usd == 0)) return {};
  FigureList figures;
  AddMachine(inputs, figures);
  double resident_gb = 0;
  for (const DeployedModel& model : models) resident_gb += Gigabytes(model);
  const bool stated = inputs.machine_memory_gb > 0;
  const double memory_gb = stated ? inputs.machine_memory_gb : resident_gb;
  const std::string note =
      stated ? "memory_gb: the machine's memory, as stated" : "memory_gb: the sum over the models";
  for (const DeployedModel& model : models) {
    AddMemory(absl::StrCat("memory_usd_per_day/", model.name), Gigabytes(model), memory_gb, note,
              figures);
  }
  AddMemory("memory_usd_per_day", resident_gb, memory_gb,
            absl::StrCat("resident_gb: the sum over the models; ", note), figures);
  const double idle = figures["idle_electricity_usd_per_day"];
  const double memory = figures["memory_usd_per_day"];
  figures.Add({.name = "deployment_usd_per_day",
               .value = idle + memory,
               .unit = "USD/day",
               .formula = "idle_electricity_usd_per_day + memory_usd_per_day",
               .inputs = {{"idle_electricity_usd_per_day", idle}, {"memory_usd_per_day", memory}},
               .note = "the cost of keeping the models resident, without the cost of requests"});
  const double count = static_cast<double>(models.size());
  const double total = figures["deployment_usd_per_day"];
  figures.Add({.name = "deployment_usd_per_model_per_day",
               .value = total / count,
               .unit = "USD/day",
               .formula = "deployment_usd_per_day / models",
               .inputs = {{"deployment_usd_per_day", total}, {"models", count}}});
  return figures.Take();
}

}  // namespace assay::evaluator
