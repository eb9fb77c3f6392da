// assayd: the daemon's command line and signals.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/device_doctor.h"
#include "server/background_work.h"
#include "server/config/config.h"
#include "server/config/exposure.h"
#include "server/daemon.h"
#include "server/events/log.h"
#include "server/exit_timer.h"

namespace {

using assay::server::BackgroundWork;
using assay::server::Config;
using assay::server::Daemon;
using assay::server::ExitTimer;
using assay::server::FlushLog;
using assay::server::LogEvent;

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr int kExitGaveUp = 3;

// What the daemon does after its requests have ended may take so long.
constexpr absl::Duration kAfterDrain = absl::Seconds(2);
// How long the daemon may take to stop after a second signal.
constexpr absl::Duration kAfterAbort = absl::Milliseconds(800);

constexpr char kFooter[] =
    "Keys of the configuration file: docs/reference/configuration.md. Talk to the daemon with "
    "`assay`.\n"
    "SIGHUP reads the catalog again.\n"
    "SIGTERM or Ctrl-C lets running requests finish (limits.drain_timeout); a second one cancels "
    "them.\n"
    "Exit codes: 0 stopped by a signal, 1 could not start, 2 bad command line or configuration,\n"
    "3 stopped while something still ran: the time was over. Nothing that was recorded is lost.";

struct Flags {
  std::string config;
  std::string listen;
  std::string metrics_listen;
  std::string http_listen;
  std::string mlflow_uri;
  bool log_prompts = false;
  bool insecure = false;
  bool check = false;
  bool doctor = false;
  std::string device = "auto";
  std::string model;
};

// glibc gives each of up to 8 x cores threads a heap of its own. What one thread frees, another
// cannot use, so that resident memory keeps growing under load. MALLOC_ARENA_MAX overrides this.
void ShareHeaps() {
#ifdef __GLIBC__
  constexpr int kHeaps = 2;
  if (std::getenv("MALLOC_ARENA_MAX") == nullptr) mallopt(M_ARENA_MAX, kHeaps);
#endif
}

int Fail(int code, const absl::Status& status) {
  std::cerr << "assayd: " << status.message() << "\n";
  return code;
}

void ApplyFlags(const Flags& flags, Config* config) {
  if (!flags.listen.empty()) config->listen = flags.listen;
  if (!flags.metrics_listen.empty()) config->metrics_listen = flags.metrics_listen;
  if (!flags.http_listen.empty()) config->http_listen = flags.http_listen;
  const char* uri = std::getenv("MLFLOW_TRACKING_URI");
  if (config->mlflow.tracking_uri.empty() && uri != nullptr) config->mlflow.tracking_uri = uri;
  if (flags.log_prompts) config->log_prompts = true;
  if (flags.insecure) config->insecure = true;
  if (!flags.mlflow_uri.empty()) config->mlflow.tracking_uri = flags.mlflow_uri;
}

// Prints what ExamineDevice() finds.
int Examine(const Flags& flags) {
  using Verdict = assay::engine::DoctorFinding::Verdict;
  const auto print = [](const assay::engine::DoctorFinding& finding) {
    const char* verdict = finding.verdict == Verdict::kOk       ? "ok          "
                          : finding.verdict == Verdict::kFailed ? "FAILED      "
                                                                : "workaround  ";
    std::cout << verdict << "  " << finding.text << std::endl;
  };
  std::cout << "assayd " << ASSAY_VERSION << std::endl;
  return assay::engine::ExamineDevice(flags.device, flags.model, print) ? EXIT_SUCCESS
                                                                        : kExitFailure;
}

sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Serve(const Config& config, const sigset_t& signals) {
  absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(config);
  if (!daemon.ok()) {
    // Restarting cannot repair a wrong configuration.
    const bool bad_configuration =
        absl::IsInvalidArgument(daemon.status()) || absl::IsNotFound(daemon.status());
    return Fail(bad_configuration ? kExitUsage : kExitFailure, daemon.status());
  }

  // Errors are logged, and the catalog in force stays. A reload may take as long as a download, so
  // it must not delay other signals.
  auto reload = std::make_unique<BackgroundWork>(
      [&daemon] { (*daemon)->ReloadCatalog(assay::CallContext()).IgnoreError(); });
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) reload->Request();
  LogEvent(spdlog::level::info, "draining", {{"signal", signal}});
  // What is recorded is on the disk at any moment, so that a sudden end loses nothing of it.
  ExitTimer timer(config.limits.drain_timeout + kAfterDrain, [] {
    LogEvent(spdlog::level::warn, "gave_up", {{"reason", "the time to stop is over"}});
    FlushLog();
    _exit(kExitGaveUp);
  });
  std::atomic<bool> drained = false;
  std::thread second_signal([&] {
    int again = 0;
    while (sigwait(&signals, &again) == 0 && again == SIGHUP) {
    }
    if (drained) return;
    LogEvent(spdlog::level::warn, "aborting", {{"signal", again}});
    timer.Shorten(kAfterAbort);
    (*daemon)->Abort();
  });
  (*daemon)->Drain();
  drained = true;
  // Ends the wait of the thread if no second signal arrived.
  kill(getpid(), SIGTERM);
  second_signal.join();
  reload.reset();
  // Within the time of the timer.
  daemon->reset();
  LogEvent(spdlog::level::info, "stopped", {});
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  // Must be called before any thread is created.
  ShareHeaps();
#ifdef NDEBUG
  // Debian's abseil looks for deadlocks whenever a mutex is locked, under one lock of the process.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  // assayd reports errors itself. GRPC_VERBOSITY turns gRPC's own log on.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  Flags flags;
  CLI::App app{"assayd: serves language models over gRPC and measures them.", "assayd"};
  CLI::Option* const config_option =
      app.add_option("--config", flags.config, "The configuration file (YAML)");
  app.add_option("--listen", flags.listen, "host:port of the gRPC server; overrides the file");
  app.add_option("--http-listen", flags.http_listen,
                 "host:port of the HTTP APIs (OpenAI); overrides the file");
  app.add_option("--metrics-listen", flags.metrics_listen,
                 "host:port of the Prometheus endpoint; overrides the file");
  app.add_option("--mlflow-uri", flags.mlflow_uri, "URL of the MLflow server; overrides the file");
  app.add_flag("--log-prompts", flags.log_prompts, "Log prompts and generated texts (log.prompts)");
  app.add_flag("--insecure", flags.insecure,
               "Allow addresses that other machines can reach (insecure)");
  app.add_flag("--check", flags.check,
               "Check the configuration, catalog, device and files, then exit");
  CLI::Option* const doctor =
      app.add_flag("--doctor", flags.doctor, "Examine a device, print what was found, then exit");
  app.add_option("--device", flags.device, "With --doctor: auto, cpu, cuda, cuda:N or mps")
      ->needs(doctor);
  app.add_option("--model", flags.model,
                 "With --doctor: a model (GGUF or folder) to compare with the CPU")
      ->needs(doctor);
  config_option->excludes(doctor);
  app.set_version_flag("--version", std::string("assayd ") + ASSAY_VERSION);
  app.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kExitUsage;
  }

  if (flags.doctor) return Examine(flags);
  if (flags.config.empty()) {
    return Fail(kExitUsage, absl::InvalidArgumentError("--config is required"));
  }
  absl::StatusOr<Config> config = assay::server::LoadConfig(flags.config);
  if (!config.ok()) return Fail(kExitUsage, config.status());
  ApplyFlags(flags, &*config);
  if (absl::Status s = assay::server::CheckExposure(*config); !s.ok()) return Fail(kExitUsage, s);
  if (flags.check) {
    if (absl::Status s = assay::server::CheckDaemon(*config); !s.ok()) return Fail(kExitUsage, s);
    std::cout << flags.config << ": ok\n";
    return EXIT_SUCCESS;
  }
  assay::server::InitLog(config->log_level, config->log_format);
  // Must be called before any thread is created, so that all inherit the mask.
  const sigset_t signals = BlockSignals();
  return Serve(*config, signals);
}
