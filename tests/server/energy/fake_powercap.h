// A temporary folder like /sys/class/powercap.
#ifndef ASSAY_TESTS_SERVER_ENERGY_FAKE_POWERCAP_H_
#define ASSAY_TESTS_SERVER_ENERGY_FAKE_POWERCAP_H_

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace assay::server {

class FakePowercap {
 public:
  FakePowercap() : path_(std::filesystem::temp_directory_path() / "assay_powercap_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  FakePowercap(const FakePowercap&) = delete;
  FakePowercap& operator=(const FakePowercap&) = delete;
  ~FakePowercap() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  void Add(const std::string& folder, const std::string& name, uint64_t energy_uj,
           uint64_t range_uj) const {
    std::filesystem::create_directories(path_ + "/" + folder);
    Write(folder, "name", name);
    Write(folder, "max_energy_range_uj", std::to_string(range_uj));
    SetEnergy(folder, energy_uj);
  }
  void SetEnergy(const std::string& folder, uint64_t energy_uj) const {
    Write(folder, "energy_uj", std::to_string(energy_uj));
  }
  // Replaces the file atomically, because the kernel's files have no half-written state.
  void Write(const std::string& folder, const std::string& file, const std::string& text) const {
    const std::string target = path_ + "/" + folder + "/" + file;
    std::ofstream(target + ".new") << text << '\n';
    std::filesystem::rename(target + ".new", target);
  }
  void Remove(const std::string& folder, const std::string& file) const {
    std::filesystem::remove(path_ + "/" + folder + "/" + file);
  }

 private:
  std::string path_;
};

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_ENERGY_FAKE_POWERCAP_H_
