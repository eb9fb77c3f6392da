// Reads RAPL counters from the kernel's powercap files.
#include "server/energy/rapl_meter.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "base/periodic_task.h"
#include "server/energy/monotonic_counter.h"

namespace assay::server {
namespace {

constexpr double kMicrojoulesPerJoule = 1e6;
constexpr size_t kMaxLineBytes = 64;

// Returns the first line, at most kMaxLineBytes of it.
std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line(kMaxLineBytes, '\0');
  file.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return line.substr(0, line.find('\n'));
}

std::optional<uint64_t> ReadNumber(const std::string& path) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(ReadLine(path), &number)) return std::nullopt;
  return number;
}

// Accepts "intel-rapl:0", but neither its subdomain "intel-rapl:0:1" nor "intel-rapl-mmio:0", which
// is the same package.
bool IsDomain(const std::string& folder) {
  const std::vector<std::string> parts = absl::StrSplit(folder, ':');
  return parts.size() == 2 && parts.front() == "intel-rapl";
}

std::vector<std::string> PackageFolders(const std::string& powercap) {
  std::vector<std::string> folders;
  std::error_code error;
  for (std::filesystem::directory_iterator it(powercap, error), end; !error && it != end;
       it.increment(error)) {
    const std::string folder = it->path().string();
    if (!IsDomain(it->path().filename().string())) continue;
    if (absl::StartsWith(ReadLine(folder + "/name"), "package")) folders.push_back(folder);
  }
  return folders;
}

struct Package {
  std::string energy_file;
  MonotonicCounter counter;
};

class RaplMeter final : public evaluator::EnergyMeter {
 public:
  RaplMeter(std::vector<Package> packages, absl::Duration period)
      : packages_(std::move(packages)),
        poller_(period, PeriodicTask::First::kAfterInterval, [this] { Joules(); }) {}

  double Joules() override ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    return ReadJoules();
  }

  std::string source() const override { return "rapl"; }

 private:
  double ReadJoules() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    double joules = 0;
    for (Package& package : packages_) {
      if (const auto reading = ReadNumber(package.energy_file)) package.counter.Update(*reading);
      joules += static_cast<double>(package.counter.total()) / kMicrojoulesPerJoule;
    }
    return joules;
  }

  absl::Mutex mutex_;
  std::vector<Package> packages_ ABSL_GUARDED_BY(mutex_);
  // Declared last, so that the thread starts after all other members exist.
  PeriodicTask poller_;
};

}  // namespace

std::unique_ptr<evaluator::EnergyMeter> MakeRaplMeter(const std::string& powercap,
                                                      absl::Duration period) {
  std::vector<Package> packages;
  for (const std::string& folder : PackageFolders(powercap)) {
    const std::string energy_file = folder + "/energy_uj";
    const std::optional<uint64_t> energy = ReadNumber(energy_file);
    const std::optional<uint64_t> range = ReadNumber(folder + "/max_energy_range_uj");
    if (!energy || !range) return nullptr;
    packages.push_back({energy_file, MonotonicCounter(*energy, *range)});
  }
  if (packages.empty()) return nullptr;
  return std::make_unique<RaplMeter>(std::move(packages), period);
}

}  // namespace assay::server
