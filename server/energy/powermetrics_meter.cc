// Runs powermetrics as a child process.
#include "server/energy/powermetrics_meter.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"

extern char** environ;  // NOLINT: glibc declares it, macOS does not

namespace assay::server {
namespace {

constexpr char kReportStart[] = "*** Sampled system activity";
constexpr std::string_view kElapsed = "ms elapsed)";
constexpr char kPower[] = "Combined Power";
constexpr std::string_view kMilliwatts = " mW";
constexpr double kMilli = 1e-3;
constexpr double kMaxReportMs = 60e3;
constexpr double kMaxMilliwatts = 1e7;
constexpr size_t kMaxLineBytes = 4096;
constexpr absl::Duration kFirstReportTimeout = absl::Seconds(3);
// How long the last power is assumed while no report arrives.
constexpr absl::Duration kMaxExtrapolation = absl::Milliseconds(400);

// Returns the number in front of `unit`, such as the 203.06 of "(203.06ms elapsed)". Returns
// nullopt if there is none in [0, max].
std::optional<double> NumberBefore(std::string_view line, std::string_view unit, double max) {
  const size_t end = line.rfind(unit);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view before = line.substr(0, end);
  const size_t separator = before.find_last_of("( ");
  const std::string number(separator == std::string_view::npos ? before
                                                               : before.substr(separator + 1));
  double value = 0;
  if (!absl::SimpleAtod(number, &value) || !(value >= 0 && value <= max)) return std::nullopt;
  return value;
}

struct Child {
  pid_t pid;
  int output;
};

std::optional<Child> Spawn(const std::string& program) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return std::nullopt;
  // Keeps the pipe from being inherited by other child processes.
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::array<std::string, 5> words = {program, "--samplers", "cpu_power", "-i", "200"};
  std::array<char*, 6> arguments{};
  std::transform(words.begin(), words.end(), arguments.begin(),
                 [](std::string& word) { return word.data(); });
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return std::nullopt;
  }
  return Child{pid, ends[0]};
}

class PowermetricsMeter final : public evaluator::EnergyMeter {
 public:
  explicit PowermetricsMeter(Child child)
      : child_(child), reader_thread_([this] { ReadOutput(); }) {}

  ~PowermetricsMeter() override {
    kill(child_.pid, SIGKILL);
    // The reader thread reads until the child closes its end of the pipe.
    reader_thread_.join();
    close(child_.output);
    waitpid(child_.pid, nullptr, 0);
  }

  double Joules() override ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    const absl::Duration since = std::min(SteadyTime::Now() - reported_at_, kMaxExtrapolation);
    // A report may contain less energy than was assumed; the total must not decrease.
    max_joules_ = std::max(max_joules_, joules_ + parser_.watts() * absl::ToDoubleSeconds(since));
    return max_joules_;
  }

  std::string source() const override { return "powermetrics"; }

  bool AwaitReport(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &PowermetricsMeter::HasReportedOrEnded), timeout);
    return reports_ > 0;
  }

 private:
  bool HasReportedOrEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return reports_ > 0 || ended_;
  }

  void ReadOutput() ABSL_LOCKS_EXCLUDED(mutex_) {
    std::array<char, kMaxLineBytes> buffer{};
    std::string line;
    for (ssize_t count = 1; count > 0;) {
      count = read(child_.output, buffer.data(), buffer.size());
      for (ssize_t i = 0; i < count; ++i) {
        if (buffer[i] == '\n') {
          HandleLine(line);
          line.clear();
        } else if (line.size() < kMaxLineBytes) {
          line.push_back(buffer[i]);
        }
      }
    }
    const MutexLock lock(mutex_);
    ended_ = true;
  }

  void HandleLine(const std::string& line) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    const std::optional<double> joules = parser_.ParseLine(line);
    if (!joules) return;
    joules_ += *joules;
    reported_at_ = SteadyTime::Now();
    ++reports_;
  }

  const Child child_;
  absl::Mutex mutex_;
  PowermetricsParser parser_ ABSL_GUARDED_BY(mutex_);
  double joules_ ABSL_GUARDED_BY(mutex_) = 0;
  double max_joules_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyTime reported_at_ ABSL_GUARDED_BY(mutex_);
  int reports_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // Declared last, so that the thread starts after all other members exist.
  std::thread reader_thread_;
};

}  // namespace

std::optional<double> PowermetricsParser::ParseLine(std::string_view line) {
  const std::string text(line);
  if (absl::StartsWith(text, kReportStart)) {
    elapsed_seconds_ = NumberBefore(line, kElapsed, kMaxReportMs);
    if (elapsed_seconds_) *elapsed_seconds_ *= kMilli;
    return std::nullopt;
  }
  if (!absl::StartsWith(text, kPower) || !elapsed_seconds_) return std::nullopt;
  const std::optional<double> milliwatts = NumberBefore(line, kMilliwatts, kMaxMilliwatts);
  if (!milliwatts) return std::nullopt;
  watts_ = *milliwatts * kMilli;
  const double joules = watts_ * *elapsed_seconds_;
  elapsed_seconds_.reset();
  return joules;
}

std::unique_ptr<evaluator::EnergyMeter> MakePowermetricsMeter(const std::string& program) {
  const std::optional<Child> child = Spawn(program);
  if (!child) return nullptr;
  auto meter = std::make_unique<PowermetricsMeter>(*child);
  if (!meter->AwaitReport(kFirstReportTimeout)) return nullptr;
  return meter;
}

}  // namespace assay::server
