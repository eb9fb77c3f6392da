// A fake of NVML's library, controlled by environment variables. ASSAY_FAKE_NVML_INIT is the return
// code of nvmlInit_v2. ASSAY_FAKE_NVML_MJ lists the counters of the devices, such as "1000,x,250",
// where x is a device that does not report its energy.
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kNotSupported = 3;
int live = 0;

std::vector<std::string> Counters() {
  const char* text = std::getenv("ASSAY_FAKE_NVML_MJ");
  std::vector<std::string> counters;
  std::istringstream stream(text == nullptr ? "" : text);
  for (std::string part; std::getline(stream, part, ',');) counters.push_back(part);
  return counters;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  const char* code = std::getenv("ASSAY_FAKE_NVML_INIT");
  const int result = code == nullptr ? 0 : std::atoi(code);
  if (result == 0) ++live;
  return result;
}

int nvmlShutdown() {
  --live;
  return 0;
}

int FakeNvmlLive() { return live; }

int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = static_cast<unsigned int>(Counters().size());
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  *device = reinterpret_cast<void*>(static_cast<std::size_t>(index) + 1);
  return 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  const std::size_t index = reinterpret_cast<std::size_t>(device) - 1;
  const std::vector<std::string> counters = Counters();
  if (index >= counters.size() || counters[index] == "x") return kNotSupported;
  *millijoules = std::strtoull(counters[index].c_str(), nullptr, 10);
  return 0;
}

}  // extern "C"
