// Files that are not what their names suggest.
#include "engine/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/formats/gguf.h"
#include "engine/formats/json_file.h"
#include "engine/formats/safetensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/formats/file_fixture.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

constexpr char kPointer[] =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\n"
    "size 12345\n";

class MappedFileTest : public FileTest {};

TEST_F(MappedFileTest, GitLfsPointerIsReportedWithARemedy) {
  const std::string gguf = Write("model.gguf", kPointer);
  const std::string json = Write("tokenizer.json", kPointer);
  Write("model.safetensors", kPointer);
  for (const absl::Status& status :
       {GgufFile::Open(gguf).status(), ReadJsonFile(json, 1 << 20).status(),
        SafetensorsCheckpoint::Open(folder_).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    const std::string message(status.message());
    EXPECT_THAT(message, HasSubstr("is a Git LFS pointer"));
    EXPECT_THAT(message, HasSubstr("git lfs pull"));
    EXPECT_THAT(message, HasSubstr("assay pull"));
    EXPECT_THAT(message, HasSubstr(folder_));
  }
}

TEST_F(MappedFileTest, NamedPipeDoesNotBlock) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(MappedFile::Open(path).status().code(), absl::StatusCode::kInvalidArgument);
}

// The sum of all bytes, which reads every page.
int64_t SumOf(absl::Span<const std::byte> bytes) {
  int64_t sum = 0;
  for (const std::byte byte : bytes) sum += static_cast<int64_t>(byte);
  return sum;
}

TEST_F(MappedFileTest, TruncationWhileItIsReadIsAnError) {
  const std::string path = Write("model.bin", std::string(size_t{1} << 20, '\1'));
  const auto file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(SumOf((*file)->bytes()), 1 << 20);
  EXPECT_TRUE((*file)->CheckUnchanged().ok());
  constexpr int kLeft = 300'000;
  std::filesystem::resize_file(path, kLeft);
  EXPECT_EQ(SumOf((*file)->bytes()), kLeft);
  for (const absl::Status& status :
       {(*file)->CheckPresent((*file)->bytes().first(1)), (*file)->CheckUnchanged()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("was cut from 1048576 to 300000 bytes"));
  }
}

TEST_F(MappedFileTest, FileThatIsRewrittenInPlaceIsAnError) {
  const std::string path = Write("model.bin", "before");
  const auto file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  std::filesystem::last_write_time(
      path, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(1));
  const absl::Status status = (*file)->CheckUnchanged();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("was changed"));
}

TEST_F(MappedFileTest, ManyMappingsAreGuardedAtOnce) {
  const std::string text(5000, '\1');
  std::vector<std::unique_ptr<MappedFile>> files;
  for (int i = 0; i < 300; ++i) {
    auto file = MappedFile::Open(Write(absl::StrCat("part_", i), text));
    ASSERT_TRUE(file.ok()) << file.status();
    files.push_back(*std::move(file));
  }
  std::filesystem::resize_file(folder_ + "/part_299", 0);
  for (const auto& file : files) SumOf(file->bytes());
  for (int i = 0; i < 300; ++i) EXPECT_EQ(files[i]->CheckUnchanged().ok(), i != 299) << i;
}

// The guard must not hide other faults.
TEST_F(MappedFileTest, FaultsElsewhereStillEndTheProcess) {
  const std::string path = Write("model.bin", std::string(20'000, '\1'));
  const auto fault = [&] {
    const auto guarded = MappedFile::Open(path);
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const auto* bytes =
        static_cast<const char*>(mmap(nullptr, 20'000, PROT_READ, MAP_SHARED, descriptor, 0));
    std::filesystem::resize_file(path, 0);
    const volatile char first = bytes[0];
    static_cast<void>(first);
    std::exit(guarded.ok() ? 0 : 1);
  };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // A sanitizer reports the signal and ends the process itself.
  EXPECT_DEATH(fault(), "BUS");
#else
  EXPECT_EXIT(fault(), testing::KilledBySignal(SIGBUS), "");
#endif
}

}  // namespace
}  // namespace assay::engine
