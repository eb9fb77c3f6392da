// Tests of pulls by several processes, by killed processes and on a full disk.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/hub/downloader.h"
#include "tests/patience.h"
#include "tests/registry/hub/hub_fixture.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kWeights[] = "model.safetensors";
constexpr int64_t kMegabyte = 1 << 20;

class ProcessTest : public HubFixture {
 protected:
  // Starts hub_probe on this Hub and cache. Its outputs go to the files `cache_`.out and .err.
  pid_t Start(const std::string& max_file_bytes = "") {
    const std::string out = cache_.string() + ".out";
    const std::string err = cache_.string() + ".err";
    const std::string endpoint = hub_.Url();
    const std::string folder = cache_.string();
    const pid_t pid = fork();
    if (pid != 0) return pid;
    setenv("HF_ENDPOINT", endpoint.c_str(), 1);
    setenv("HF_HUB_CACHE", folder.c_str(), 1);
    if (!max_file_bytes.empty()) setenv("MAX_FILE_BYTES", max_file_bytes.c_str(), 1);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    execl(HUB_PROBE_PATH, HUB_PROBE_PATH, "org/model", "main", nullptr);
    _exit(127);
  }
  static int Wait(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
  }
  std::string Errors() { return ReadAll(cache_.string() + ".err"); }
  void SlowStorage(int64_t bytes_per_second) {
    hub_.SetFault(
        [bytes_per_second](const HubCall& call, const HubReply& right) -> std::optional<HubReply> {
          if (!call.storage) return std::nullopt;
          HubReply slow = right;
          slow.bytes_per_second = bytes_per_second;
          return slow;
        });
  }
  void AwaitIncomplete(int64_t bytes) {
    const absl::Time end = absl::Now() + Patience();
    std::error_code error;
    while (absl::Now() < end) {
      const uintmax_t size = fs::file_size(Incomplete(kWeights), error);
      if (!error && size >= static_cast<uintmax_t>(bytes)) return;
      absl::SleepFor(absl::Milliseconds(5));
    }
    FAIL() << "no download began: " << Errors();
  }
  ~ProcessTest() override {
    fs::remove(cache_.string() + ".out");
    fs::remove(cache_.string() + ".err");
  }
};

TEST_F(ProcessTest, AKilledDownloadIsResumed) {
  SlowStorage(2 * kMegabyte);
  const pid_t pid = Start();
  AwaitIncomplete(kMegabyte);
  kill(pid, SIGKILL);
  const int status = Wait(pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(fs::exists(Blob(kWeights)));
  EXPECT_FALSE(fs::exists(repo_ / "refs/main"));
  EXPECT_FALSE(fs::exists(Snapshot(kWeights)));
  const auto left = static_cast<int64_t>(fs::file_size(Incomplete(kWeights)));
  EXPECT_GE(left, kMegabyte);
  EXPECT_LT(left, static_cast<int64_t>(kWeightsBytes));

  hub_.SetFault(nullptr);
  const absl::StatusOr<PullResult> result = Pull();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReadAll(Snapshot(kWeights)), Content(kWeightsBytes, 1));
  EXPECT_EQ(Leftovers(), 0);
  // The blobs of the configuration were complete, those of the weights partial.
  EXPECT_EQ(result->bytes_fetched, static_cast<int64_t>(kWeightsBytes) - left);
  EXPECT_EQ(hub_.Calls().back().offset, left);
  EXPECT_EQ(hub_.Count("/resolve/0123456789abcdef0123456789abcdef01234567/config.json"), 1);
}

TEST_F(ProcessTest, TwoProcessesAndAThreadFetchEachFileOnce) {
  SlowStorage(4 * kMegabyte);
  const pid_t first = Start();
  const pid_t second = Start();
  const absl::StatusOr<PullResult> ours = Pull();
  ASSERT_TRUE(ours.ok()) << ours.status();
  EXPECT_EQ(Wait(first), 0) << Errors();
  EXPECT_EQ(Wait(second), 0) << Errors();
  for (const char* name : {"config.json", "tokenizer.json"}) {
    EXPECT_EQ(hub_.Count(std::string("/") + name), 1) << name;
  }
  EXPECT_EQ(hub_.Count("/storage/"), 1);
  EXPECT_EQ(hub_.BodyBytes(kWeights), static_cast<int64_t>(kWeightsBytes));
  EXPECT_EQ(ReadAll(Snapshot(kWeights)), Content(kWeightsBytes, 1));
}

TEST_F(ProcessTest, WaitsForALockOfAnotherProgram) {
  const fs::path locks = cache_ / ".locks/models--org--model";
  fs::create_directories(locks);
  const int fd = open((locks / (hub_.Hash(kWeights) + ".lock")).c_str(), O_RDWR | O_CREAT, 0664);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  std::vector<PullStage> stages;
  std::thread other([&] {
    absl::SleepFor(absl::Milliseconds(800));
    // Like huggingface_hub, writes the blob and then releases the lock.
    std::ofstream(Blob(kWeights)) << Content(kWeightsBytes, 1);
    close(fd);
  });
  const auto downloader = HubDownloader::Create(options_);
  const absl::StatusOr<PullResult> result = downloader->Pull(
      {.repo = "org/model"}, [&](const PullProgress& p) { stages.push_back(p.stage); },
      CallContext());
  other.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(stages, testing::Contains(PullStage::kWaiting));
  EXPECT_EQ(hub_.Count("/storage/"), 0);
}

TEST_F(ProcessTest, AFileSizeLimitKeepsTheWrittenBytes) {
  const pid_t pid = Start(/*max_file_bytes=*/"1000000");
  const int status = Wait(pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
  EXPECT_THAT(Errors(), AllOf(HasSubstr("RESOURCE_EXHAUSTED"), HasSubstr(kWeights),
                              HasSubstr("2145728 of 3145728 bytes")));
  EXPECT_EQ(fs::file_size(Incomplete(kWeights)), 1000000U);
  EXPECT_FALSE(fs::exists(Blob(kWeights)));
  EXPECT_FALSE(fs::exists(repo_ / "refs/main"));
  const absl::StatusOr<PullResult> result = Pull();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(hub_.Calls().back().offset, 1000000);
}

#ifdef __linux__
// Other systems have no tmpfs.
TEST_F(ProcessTest, AFullDiskKeepsTheWrittenBytes) {
  fs::create_directories(cache_);
  if (mount("tmpfs", cache_.c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "needs the right to mount a tmpfs: " << strerror(errno);
  }
  EXPECT_THAT(Message(), AllOf(HasSubstr("needs 31457"), HasSubstr(" free; free disk space")));
  // The check passes, as if another program had filled the disk after it.
  options_.free_bytes = [](const std::string&) { return int64_t{1} << 40; };
  const absl::Status status = Pull().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(kWeights), HasSubstr("disk is full")));
  EXPECT_GT(fs::file_size(Incomplete(kWeights)), static_cast<uintmax_t>(kMegabyte));
  EXPECT_FALSE(fs::exists(Blob(kWeights)));
  EXPECT_FALSE(fs::exists(repo_ / "refs/main"));

  EXPECT_EQ(mount("tmpfs", cache_.c_str(), "tmpfs", MS_REMOUNT, "size=20m"), 0);
  const absl::StatusOr<PullResult> result = Pull();
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(hub_.BodyBytes(kWeights) < static_cast<int64_t>(2 * kWeightsBytes), true);
  EXPECT_EQ(ReadAll(Snapshot(kWeights)), Content(kWeightsBytes, 1));
  EXPECT_EQ(umount2(cache_.c_str(), MNT_DETACH), 0);
}
#endif

}  // namespace
}  // namespace assay::registry
