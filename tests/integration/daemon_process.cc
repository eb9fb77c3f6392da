// Runs a real assayd for a test.
#include "tests/integration/daemon_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/patience.h"

namespace assay {
namespace {

constexpr absl::Duration kPollPeriod = absl::Milliseconds(20);

std::string Field(const std::string& log, const std::string& key) {
  const size_t line = log.find(" ready ");
  if (line == std::string::npos) return "";
  const size_t begin = log.find(absl::StrCat(" ", key, "="), line);
  if (begin == std::string::npos) return "";
  const size_t value = begin + key.size() + 2;
  return log.substr(value, log.find_first_of(" \n", value) - value);
}

}  // namespace

std::string DaemonProcess::TestModel() {
  const char* named = std::getenv("ASSAY_TEST_MODEL");
  const std::filesystem::path path =
      named != nullptr ? named : "var/models/smollm2-135m-instruct-q4_1.gguf";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return "";
  return std::filesystem::absolute(path).string();
}

absl::StatusOr<std::unique_ptr<DaemonProcess>> DaemonProcess::Start(const Options& options) {
  auto daemon = std::unique_ptr<DaemonProcess>(new DaemonProcess());
  std::string pattern =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/assayXXXXXX");
  if (mkdtemp(pattern.data()) == nullptr) return absl::InternalError("mkdtemp failed");
  daemon->folder_ = pattern;
  daemon->WriteCatalog(options.models_yaml);
  std::ofstream(daemon->folder_ + "/assayd.yaml")
      << "listen: " << options.listen << "\nmetrics: { listen: '127.0.0.1:0' }\n"
      << "catalog: models.yaml\nstate_dir: " << options.state_dir << "\n"
      << options.extra_config;

  daemon->pid_ = fork();
  if (daemon->pid_ == 0) {
    const int log = open((daemon->folder_ + "/log").c_str(), O_CREAT | O_WRONLY, 0600);
    dup2(log, STDERR_FILENO);
    dup2(log, STDOUT_FILENO);
    const std::string config = daemon->folder_ + "/assayd.yaml";
    unsetenv("MLFLOW_TRACKING_URI");
    execl(ASSAYD_PATH, "assayd", "--config", config.c_str(), nullptr);
    _exit(127);
  }
  if (!daemon->AwaitReady()) {
    return absl::FailedPreconditionError(absl::StrCat("assayd did not start: ", daemon->Log()));
  }
  return daemon;
}

bool DaemonProcess::AwaitReady() {
  const absl::Time end = absl::Now() + Patience();
  while (absl::Now() < end) {
    const std::string log = Log();
    address_ = Field(log, "listen");
    metrics_address_ = Field(log, "metrics");
    if (!address_.empty()) return true;
    if (Wait(kPollPeriod) != -1) return false;
  }
  return false;
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

std::string DaemonProcess::Log() const {
  std::stringstream text;
  text << std::ifstream(folder_ + "/log").rdbuf();
  return text.str();
}

void DaemonProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

void DaemonProcess::WriteCatalog(const std::string& models_yaml) const {
  std::ofstream(folder_ + "/models.yaml") << models_yaml;
}

int DaemonProcess::Wait(absl::Duration timeout) {
  if (pid_ <= 0) return -1;
  const absl::Time end = absl::Now() + timeout;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) != pid_) {
    if (absl::Now() > end) return -1;
    absl::SleepFor(kPollPeriod);
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace assay
