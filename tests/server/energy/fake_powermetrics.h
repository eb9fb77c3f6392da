// A script that stands in for powermetrics.
#ifndef ASSAY_TESTS_SERVER_ENERGY_FAKE_POWERMETRICS_H_
#define ASSAY_TESTS_SERVER_ENERGY_FAKE_POWERMETRICS_H_

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace assay::server {

class FakePowermetrics {
 public:
  // `name` keeps the scripts of one process apart.
  FakePowermetrics(const std::string& name, const std::string& body)
      : path_(absl::StrCat(std::filesystem::temp_directory_path().string(), "/assay_powermetrics_",
                           name, ".", getpid())) {
    std::ofstream(path_) << "#!/bin/sh\n" << body;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  FakePowermetrics(const FakePowermetrics&) = delete;
  FakePowermetrics& operator=(const FakePowermetrics&) = delete;
  ~FakePowermetrics() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_ENERGY_FAKE_POWERMETRICS_H_
