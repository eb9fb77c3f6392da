// Runs a real assayd for a test, with its own folder and free ports.
#ifndef ASSAY_TESTS_INTEGRATION_DAEMON_PROCESS_H_
#define ASSAY_TESTS_INTEGRATION_DAEMON_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay {

class DaemonProcess {
 public:
  struct Options {
    std::string models_yaml;
    // Additional lines of assayd.yaml.
    std::string extra_config;
    std::string listen = "127.0.0.1:0";
    std::string state_dir = "state";
  };

  // Returns the path of the real model, or "" if there is none (tests are then skipped).
  static std::string TestModel();
  // Starts the daemon and waits until it listens. If it does not, the status contains its log.
  static absl::StatusOr<std::unique_ptr<DaemonProcess>> Start(const Options& options);
  // Kills the daemon if it still runs.
  ~DaemonProcess();

  const std::string& address() const { return address_; }
  const std::string& metrics_address() const { return metrics_address_; }
  std::string Log() const;

  void Signal(int signal) const;
  // Replaces models.yaml. The daemon reads it at the next reload.
  void WriteCatalog(const std::string& models_yaml) const;
  // Returns the exit status, or -1 if the daemon does not exit in time.
  int Wait(absl::Duration timeout);

 private:
  DaemonProcess() = default;
  bool AwaitReady();

  std::string folder_;
  pid_t pid_ = -1;
  std::string address_;
  std::string metrics_address_;
};

}  // namespace assay

#endif  // ASSAY_TESTS_INTEGRATION_DAEMON_PROCESS_H_
