// What reading a hostile file costs.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "engine/formats/gguf.h"
#include "engine/formats/json_file.h"
#include "engine/formats/safetensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/cost.h"
#include "tests/engine/formats/file_fixture.h"
#include "tests/engine/formats/gguf_bytes.h"
#include "tests/engine/runtime/resident_memory.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kMaxCpu = absl::Seconds(2 * kSlowness);
constexpr int64_t kMaxMemory = int64_t{256} << 20;

class HostileFilesTest : public FileTest {};

// A regression test: the time grew with the square of the number of tensors.
TEST_F(HostileFilesTest, SafetensorsHeaderOfManyTensors) {
  constexpr int kTensors = 60'000;
  std::string header = "{";
  for (int i = 0; i < kTensors; ++i) {
    absl::StrAppend(&header, i == 0 ? "" : ",", "\"t", i,
                    R"(":{"dtype":"F32","shape":[1],"data_offsets":[)", 4 * i, ",", 4 * i + 4,
                    "]}");
  }
  header += "}";
  const uint64_t size = header.size();
  const std::string path =
      Write("model.safetensors",
            std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + header);
  std::filesystem::resize_file(path, sizeof(size) + size + 4 * kTensors);
  absl::Status status;
  EXPECT_LT(CpuOf([&] { status = SafetensorsCheckpoint::Open(folder_).status(); }), kMaxCpu);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(HostileFilesTest, DuplicateTensorsAreFoundAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "\"t", i, R"(":{"a":1,"a":2},)");
  const std::string once = text + R"("u":[{"t1":1,"t1":2}]})";
  EXPECT_TRUE(ParseJsonObject(once, DuplicateKeys::kRefused).ok());
  const absl::Status twice = ParseJsonObject(text + R"("t1":0})", DuplicateKeys::kRefused).status();
  EXPECT_EQ(twice.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(twice.message()), HasSubstr("'t1' is duplicated"));
}

TEST_F(HostileFilesTest, JsonOfManySmallValues) {
  for (const std::string item : {"{},", "[],", "0,", "\"\","}) {
    std::string text = "{\"a\":[";
    while (text.size() < size_t{32} << 20) text += item;
    text += "0]}";
    absl::Status status;
    ResetPeak();
    const int64_t before = ResidentBytes();
    EXPECT_LT(CpuOf([&] { status = ParseJsonObject(text).status(); }), kMaxCpu) << item;
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("values; the limit is 4000000"));
    EXPECT_LT(PeakResidentBytes() - before, kMaxMemory) << item;
  }
}

// A regression test: small elements took eight times their bytes, and empty strings four times, so
// that a sparse file of 128 MiB took 600 MiB.
TEST_F(HostileFilesTest, SparseGgufFile) {
  constexpr uint64_t kElements = 16'000'000;
  for (const uint32_t type : {kUint8, kString}) {
    const uint64_t element_bytes = type == kString ? sizeof(uint64_t) : 1;
    const int arrays = type == kString ? 1 : 7;
    const std::string path = folder_ + "/model.gguf";
    {
      std::ofstream file(path, std::ios::binary);
      file << Bytes::Header(0, static_cast<uint64_t>(arrays)).text();
      for (int i = 0; i < arrays; ++i) {
        Bytes key;
        key.Key(absl::StrCat("array_", i), kArray).Put(type).Put(kElements);
        file << key.text();
        file.seekp(static_cast<std::streamoff>(kElements * element_bytes), std::ios::cur);
      }
      file << std::string(64, '\0');
    }
    ResetPeak();
    const int64_t before = ResidentBytes();
    absl::Status status;
    absl::Status decoded;
    const absl::Duration cpu = CpuOf([&] {
      const auto file = GgufFile::Open(path);
      status = file.status();
      if (file.ok()) decoded = (*file)->GetInts("array_0").status();
    });
    EXPECT_LT(cpu, kMaxCpu) << type;
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(decoded.code(), absl::StatusCode::kDataLoss) << decoded;
    EXPECT_THAT(std::string(decoded.message()), HasSubstr("elements; the limit is"));
    // The pages of the file count as well, because strings are checked.
    const auto file_bytes = static_cast<int64_t>(std::filesystem::file_size(path));
    EXPECT_LT(PeakResidentBytes() - before, file_bytes + (int64_t{64} << 20)) << type;
  }
}

TEST_F(HostileFilesTest, GgufEntriesAreLimited) {
  for (const bool tensors : {true, false}) {
    const uint64_t count = 100'000;
    Bytes bytes = Bytes::Header(tensors ? count : 0, tensors ? 0 : count);
    bytes.Data(count * 64);
    const absl::Status status = GgufFile::Open(Write("model.gguf", bytes.text())).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("; the limit is 65536"));
  }
}

}  // namespace
}  // namespace assay::engine
