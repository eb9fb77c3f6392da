// GGUF files, whole and damaged.
#include "engine/formats/gguf.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/dequantize.h"
#include "engine/formats/gguf_parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTypes[] = "tests/golden/text/types.gguf";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::Span<const std::byte> AsBytes(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

absl::Status ParseStatus(const std::string& file) {
  return ParseGgufHeader(AsBytes(file)).status();
}

TEST(GgufTest, ReadsMetadataOfEveryKind) {
  const auto file = GgufFile::Open(kTypes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->version(), 3);
  EXPECT_EQ(*(*file)->GetString("test.text"), "grüße");
  EXPECT_EQ(*(*file)->GetInt("test.unsigned", 0, INT64_MAX), 4'000'000'000);
  EXPECT_EQ(*(*file)->GetInt("test.signed", -10, 10), -5);
  EXPECT_DOUBLE_EQ(*(*file)->GetFloat("test.float"), 1.5);
  EXPECT_TRUE(*(*file)->GetBool("test.flag"));
  EXPECT_THAT(**(*file)->GetStrings("test.strings"), ElementsAre("a", "", "ß"));
  EXPECT_THAT(*(*file)->GetInts("test.numbers"), ElementsAre(1, -2, 3));
}

TEST(GgufTest, WrongKeyTypeOrRangeNamesTheKey) {
  const auto file = GgufFile::Open(kTypes);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->GetString("nothing").status().code(), absl::StatusCode::kNotFound);
  const std::vector<std::pair<absl::Status, std::string>> cases = {
      {(*file)->GetString("test.flag").status(), "'test.flag' is the boolean true, not a string"},
      {(*file)->GetInt("test.text", 0, 9).status(),
       "'test.text' is the string 'gr\\303\\274\\303\\237e', not a whole number"},
      {(*file)->GetBool("test.signed").status(), "'test.signed' is the whole number -5, not a b"},
      {(*file)->GetInts("test.strings").status(),
       "'test.strings' is an array of 3 strings, not an array of whole numbers"},
      {(*file)->GetStrings("test.float").status(),
       "'test.float' is the floating-point number 1.5, not an array of strings"}};
  for (const auto& [status, message] : cases) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
  const absl::Status range = (*file)->GetInt("test.signed", 0, 9).status();
  EXPECT_EQ(range.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(range.message()), HasSubstr("'test.signed' is -5, outside 0 to 9"));
}

// The same bits, or both not a number: which NaN a processor makes is its own affair.
bool Same(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

TEST(GgufTest, DequantizesBitForBitAsTheGgufPackage) {
  const auto file = GgufFile::Open(kTypes);
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string expected = ReadFile("tests/golden/text/types.f32");
  EXPECT_EQ((*file)->tensors().size(), 18);
  size_t at = 0;
  for (const StoredTensor& tensor : (*file)->tensors()) {
    EXPECT_THAT(tensor.shape, ElementsAre(5, 256));
    std::vector<float> values(static_cast<size_t>(tensor.ElementCount()));
    std::vector<float> wanted(values.size());
    ASSERT_LE(at + wanted.size() * sizeof(float), expected.size());
    std::memcpy(wanted.data(), expected.data() + at, wanted.size() * sizeof(float));
    at += wanted.size() * sizeof(float);
    ASSERT_TRUE(Dequantize(tensor.type, tensor.data, absl::MakeSpan(values)).ok());
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_TRUE(Same(values[i], wanted[i]))
          << tensor.name << "[" << i << "]: " << values[i] << ", not " << wanted[i];
    }
  }
  EXPECT_EQ(at, expected.size());
}

TEST(GgufTest, EveryHalfIsItsFloat) {
  std::vector<uint16_t> halves(1 << 16);
  std::iota(halves.begin(), halves.end(), 0);
  std::vector<float> floats(halves.size());
  ASSERT_TRUE(Dequantize(GgmlType::kF16,
                         absl::MakeConstSpan(reinterpret_cast<const std::byte*>(halves.data()),
                                             halves.size() * sizeof(uint16_t)),
                         absl::MakeSpan(floats))
                  .ok());
  for (const uint16_t half : halves) {
    const int exponent = (half >> 10) & 0x1F;
    const int mantissa = half & 0x3FF;
    double wanted =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa | 0x400, exponent - 25);
    if (exponent == 0x1F) wanted = mantissa == 0 ? INFINITY : NAN;
    ASSERT_TRUE(Same(floats[half], static_cast<float>(half < 0x8000 ? wanted : -wanted))) << half;
  }
}

TEST(GgufTest, WrongBufferSizeIsRefused) {
  std::vector<float> out(31);
  const std::string block(34, '\0');
  EXPECT_EQ(Dequantize(GgmlType::kQ8_0, AsBytes(block), absl::MakeSpan(out)).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(GgufTest, TruncationAtEveryByteIsAnErrorAndNeverACrash) {
  const std::string whole = ReadFile(kTypes);
  ASSERT_TRUE(ParseStatus(whole).ok());
  const auto header = ParseGgufHeader(AsBytes(whole));
  size_t end = 0;
  for (const StoredTensor& tensor : header->tensors) {
    end = std::max(end, static_cast<size_t>(tensor.data.end() - AsBytes(whole).data()));
  }
  for (size_t size = 0; size < end; ++size) {
    // A copy of its own, so that a sanitizer sees a read past its end.
    const std::string cut(whole.data(), size);
    EXPECT_FALSE(ParseStatus(cut).ok()) << size;
  }
}

TEST(GgufTest, FlippedBytesNeverCrash) {
  const std::string whole = ReadFile(kTypes);
  const auto intact = ParseGgufHeader(AsBytes(whole));
  ASSERT_TRUE(intact.ok());
  const auto header_bytes =
      static_cast<size_t>(intact->tensors.front().data.data() - AsBytes(whole).data());
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = whole;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      damaged[random() % header_bytes] = static_cast<char>(random());
    }
    const auto header = ParseGgufHeader(AsBytes(damaged));
    if (!header.ok()) continue;
    for (const StoredTensor& tensor : header->tensors) {
      EXPECT_GE(tensor.data.data(), AsBytes(damaged).data());
      EXPECT_LE(tensor.data.end(), AsBytes(damaged).end());
    }
  }
}

TEST(GgufTest, NotAGgufFileIsSaid) {
  const absl::Status status = ParseStatus("This is a text.\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not a GGUF file"));
  EXPECT_EQ(GgufFile::Open("/nonexistent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GgufFile::Open(testing::TempDir()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(GgufTest, FileCutShortAfterOpeningIsDataLossBeforeItIsSigbus) {
  const std::string path = testing::TempDir() + "/cut_" + std::to_string(getpid()) + ".gguf";
  std::filesystem::copy_file(kTypes, path, std::filesystem::copy_options::overwrite_existing);
  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  const StoredTensor& first = (*file)->tensors().front();
  const StoredTensor& last = (*file)->tensors().back();
  EXPECT_TRUE((*file)->CheckPresent(last).ok());
  std::filesystem::resize_file(path, 8000);
  EXPECT_TRUE((*file)->CheckPresent(first).ok());
  const absl::Status status = (*file)->CheckPresent(last);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(path + ": tensor 'mxfp4': the file was cut from 22624 to 8000 bytes"));
  unlink(path.c_str());
}

TEST(GgufTest, FileReplacedByRenamingStaysReadable) {
  const std::string path = testing::TempDir() + "/renamed_" + std::to_string(getpid()) + ".gguf";
  std::filesystem::copy_file(kTypes, path, std::filesystem::copy_options::overwrite_existing);
  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  std::ofstream(path + ".new") << "short";
  std::filesystem::rename(path + ".new", path);
  for (const StoredTensor& tensor : (*file)->tensors()) {
    EXPECT_TRUE((*file)->CheckPresent(tensor).ok()) << tensor.name;
  }
  unlink(path.c_str());
}

TEST(GgufTest, NamedPipeDoesNotHang) {
  const std::string path = testing::TempDir() + "/pipe.gguf";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(GgufFile::Open(path).status().code(), absl::StatusCode::kInvalidArgument);
  unlink(path.c_str());
}

}  // namespace
}  // namespace assay::engine
