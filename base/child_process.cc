// Runs a child process with posix_spawn, three pipes and poll.
#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"

// No header of macOS declares it.
extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace assay {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr absl::Duration kExitPollInterval = absl::Milliseconds(5);
// The interval at which the child is checked for its end. Its outputs may stay open after its end,
// because a process that it started may hold them.
constexpr int64_t kPollIntervalMs = 50;
constexpr int kSignalBase = 128;

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int value) : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    Close();
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~FileDescriptor() { Close(); }

  int get() const { return value_; }
  bool open() const { return value_ >= 0; }
  void Close() {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

 private:
  int value_ = -1;
};

// The two ends of a pipe. It is no socket, because "/dev/stdin" and "/dev/stderr" cannot be opened
// on sockets.
struct Channel {
  FileDescriptor ours;
  FileDescriptor childs;
};

absl::StatusOr<Channel> MakeChannel(bool to_child) {
  std::array<int, 2> ends = {};
#ifdef __linux__
  const int made = ::pipe2(ends.data(), O_CLOEXEC);
#else
  const int made = ::pipe(ends.data());
#endif
  if (made != 0) return absl::ErrnoToStatus(errno, "pipe");
  FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  ::fcntl(to_child ? ends[1] : ends[0], F_SETFL, O_NONBLOCK);
  if (to_child) return Channel{.ours = std::move(writer), .childs = std::move(reader)};
  return Channel{.ours = std::move(reader), .childs = std::move(writer)};
}

// Blocks SIGPIPE on this thread for its lifetime, so that a write to a pipe without a reader
// returns an error instead of ending this process.
class ScopedSigpipeBlock {
 public:
  ScopedSigpipeBlock() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pending_before_ = Pending();
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ScopedSigpipeBlock(const ScopedSigpipeBlock&) = delete;
  ScopedSigpipeBlock& operator=(const ScopedSigpipeBlock&) = delete;
  ~ScopedSigpipeBlock() {
    int signal = 0;
    if (!pending_before_ && Pending()) ::sigwait(&sigpipe_, &signal);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  static bool Pending() {
    sigset_t pending;
    return ::sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t sigpipe_;
  sigset_t before_;
  bool pending_before_ = false;
};

// The settings for posix_spawn: a process group of its own, no signals blocked or ignored (the
// daemon blocks those that stop it), and no file descriptors except the three standard ones.
class SpawnSettings {
 public:
  SpawnSettings(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    int flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#elif defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
#endif
    posix_spawnattr_setflags(&attributes_, static_cast<int16_t>(flags));
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGQUIT}) {
      sigaddset(&signals, signal);
    }
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills the rest of the process group.
  ~Child() { Reap(); }

  absl::Status Start(const std::vector<std::string>& command) {
    for (Channel* channel : {&in_, &out_, &err_}) {
      ASSIGN_OR_RETURN(Channel made, MakeChannel(channel == &in_));
      *channel = std::move(made);
    }
    const SpawnSettings settings(in_.childs.get(), out_.childs.get(), err_.childs.get());
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int error = ::posix_spawnp(&pid_, arguments[0], settings.actions(), settings.attributes(),
                                     arguments.data(), environ);
    for (Channel* channel : {&in_, &out_, &err_}) channel->childs.Close();
    if (error == 0) return absl::OkStatus();
    pid_ = 0;
    return absl::ErrnoToStatus(error, absl::StrCat(command[0], ": cannot be started"));
  }

  absl::Status Exchange(std::string_view input, SteadyTime deadline, size_t max_bytes,
                        ChildResult* result) {
    const ScopedSigpipeBlock sigpipe_block;
    while (out_.ours.open() || err_.ours.open()) {
      if (deadline.HasPassed()) return DeadlineError();
      // Checked before reading, so that everything the child wrote before its end is read.
      const bool ended = HasEnded();
      std::array<pollfd, 3> waits = {{{in_.ours.get(), POLLOUT, 0},
                                      {out_.ours.get(), POLLIN, 0},
                                      {err_.ours.get(), POLLIN, 0}}};
      const auto left = absl::ToInt64Milliseconds(deadline.Left());
      const int ready =
          ::poll(waits.data(), waits.size(),
                 ended ? 0 : static_cast<int>(std::clamp<int64_t>(left, 1, kPollIntervalMs)));
      if (waits[0].revents != 0) Send(&input);
      if (waits[1].revents != 0) Receive(&out_.ours, &result->out);
      if (waits[2].revents != 0) Receive(&err_.ours, &result->err);
      if (result->out.size() > max_bytes || result->err.size() > max_bytes) {
        return absl::ResourceExhaustedError(
            absl::StrCat("wrote more than ", max_bytes, " bytes and was stopped"));
      }
      const bool received = (waits[1].revents | waits[2].revents) != 0;
      if (ended && (ready <= 0 || !received)) break;
    }
    return absl::OkStatus();
  }

  absl::Status Wait(SteadyTime deadline, int* exit_code) {
    while (!HasEnded()) {
      if (deadline.HasPassed()) return DeadlineError();
      absl::SleepFor(kExitPollInterval);
    }
    const int status = Reap();
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
    return absl::OkStatus();
  }

 private:
  static absl::Status DeadlineError() {
    return absl::DeadlineExceededError("did not end before the deadline and was stopped");
  }

  // Leaves the child in a waitable state, so that Reap() can collect it.
  bool HasEnded() const {
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid_;
  }

  // Kills the process group before the leader is reaped, because the kernel may reuse the number of
  // the group afterwards. Returns the exit status.
  int Reap() {
    if (pid_ <= 0) return 0;
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }

  // A broken pipe is no error: a child that ignores its input may still write output.
  void Send(std::string_view* input) {
    const ssize_t sent = input->empty() ? 0 : ::write(in_.ours.get(), input->data(), input->size());
    if (sent > 0) input->remove_prefix(static_cast<size_t>(sent));
    const bool broken = sent < 0 && errno != EAGAIN && errno != EINTR;
    if (input->empty() || broken) in_.ours.Close();
  }

  static void Receive(FileDescriptor* from, std::string* to) {
    std::array<char, kReadBytes> buffer;
    const ssize_t count = ::read(from->get(), buffer.data(), buffer.size());
    if (count > 0) {
      to->append(buffer.data(), static_cast<size_t>(count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      from->Close();
    }
  }

  pid_t pid_ = 0;
  Channel in_;
  Channel out_;
  Channel err_;
};

}  // namespace

absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& command,
                                     std::string_view input, SteadyTime deadline,
                                     size_t max_output_bytes) {
  Child child;
  RETURN_IF_ERROR(child.Start(command));
  ChildResult result;
  RETURN_IF_ERROR(child.Exchange(input, deadline, max_output_bytes, &result));
  RETURN_IF_ERROR(child.Wait(deadline, &result.exit_code));
  return result;
}

}  // namespace assay
