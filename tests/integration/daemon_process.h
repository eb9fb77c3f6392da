// A real assayd for a test: its own folder, free ports, stopped at the end.
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
    // More lines of assayd.yaml.
    std::string extra_config;
    std::string listen = "127.0.0.1:0";
    std::string state_dir = "state";
  };

  // Path of the real model, or empty (the test is skipped then).
  static std::string TestModel();
  // Waits until it listens. Its log is in the status if it does not.
  static absl::StatusOr<std::unique_ptr<DaemonProcess>> Start(const Options& options);
  // Ends it for good if it still runs.
  ~DaemonProcess();

  const std::string& address() const { return address_; }
  const std::string& metrics_address() const { return metrics_address_; }
  std::string Log() const;

  void Signal(int signal) const;
  // Another models.yaml; the daemon reads it when it is told to.
  void WriteCatalog(const std::string& models_yaml) const;
  // Exit status, or -1 if it did not end in time.
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
