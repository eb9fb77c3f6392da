// Damaged and hostile GGUF headers. Tests with a number are vulnerabilities of other loaders.
#include "engine/formats/gguf_parser.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/formats/gguf.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

absl::Status ParseStatus(const Bytes& file) {
  return ParseGgufHeader(AsBytes(file.text())).status();
}

Bytes OneTensor(const std::vector<uint64_t>& dimensions, uint32_t type, uint64_t offset,
                size_t data) {
  return Bytes::Header(1, 0).Tensor("t", dimensions, type, offset).Data(data);
}

void ExpectDataLoss(const Bytes& file, const std::string& message) {
  const absl::Status status = ParseStatus(file);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

TEST(GgufParserTest, UnsupportedVersionsAndByteOrderAreErrors) {
  EXPECT_EQ(ParseStatus(Bytes::Header(0, 0, 1)).code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ParseStatus(Bytes::Header(0, 0, 4)).code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(ParseStatus(Bytes::Header(0, 0, 3U << 24)).message()),
              HasSubstr("big-endian"));
}

TEST(GgufParserTest, ValidTensorIsRead) {
  EXPECT_TRUE(ParseStatus(OneTensor({4, 2}, kF32, 0, 32)).ok());
  EXPECT_TRUE(ParseStatus(OneTensor({256, 2}, kQ4K, 0, 288)).ok());
}

TEST(GgufParserTest, Cve2024_23605_MetadataCountBeyondTheFile) {
  for (const uint64_t count : {uint64_t{1}, uint64_t{1} << 40, UINT64_MAX / 13 + 1, UINT64_MAX}) {
    ExpectDataLoss(Bytes::Header(0, count), std::to_string(count) + " metadata entries");
  }
}

TEST(GgufParserTest, Cve2024_21836_TensorCountBeyondTheFile) {
  for (const uint64_t count : {uint64_t{1}, uint64_t{1} << 40, UINT64_MAX / 32 + 1, UINT64_MAX}) {
    ExpectDataLoss(Bytes::Header(count, 0), std::to_string(count) + " tensors do not fit");
  }
}

TEST(GgufParserTest, Cve2024_21825_ArraysLongerThanTheFile) {
  for (const uint32_t element : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 10U, 11U, 12U}) {
    for (const uint64_t count : {uint64_t{65}, uint64_t{1} << 40, UINT64_MAX / 8 + 1, UINT64_MAX}) {
      ExpectDataLoss(Bytes::Header(0, 1).Key("k", kArray).Put(element).Put(count).Data(32),
                     "metadata 'k': array ");
    }
  }
}

TEST(GgufParserTest, Cve2024_23496_StringsLongerThanTheFile) {
  for (const uint64_t length : {uint64_t{1000}, uint64_t{1} << 62, UINT64_MAX}) {
    ExpectDataLoss(Bytes::Header(0, 1).Put(length).Data(64), "metadata entry 0");
    ExpectDataLoss(Bytes::Header(0, 1).Key("k", kString).Put(length).Data(64), "metadata 'k'");
    ExpectDataLoss(Bytes::Header(1, 0).Put(length).Data(64), "tensor 0");
    ExpectDataLoss(
        Bytes::Header(0, 1).Key("k", kArray).Put(kString).Put<uint64_t>(1).Put(length).Data(64),
        "metadata 'k'");
  }
}

TEST(GgufParserTest, Cve2024_21802_TooManyDimensions) {
  ExpectDataLoss(OneTensor({1, 1, 1, 1, 1}, kF32, 0, 64), "tensor 't' has 5 dimensions");
  ExpectDataLoss(OneTensor({}, kF32, 0, 64), "tensor 't' has 0 dimensions");
  ExpectDataLoss(Bytes::Header(1, 0).String("t").Put(UINT32_MAX).Data(64), "4294967295 dimensions");
}

TEST(GgufParserTest, LlamaCpp27203_DimensionsThatOverflow) {
  const std::vector<std::vector<uint64_t>> bad = {
      {uint64_t{1} << 62, 8}, {uint64_t{1} << 63, 2}, {INT64_MAX, 2, 1, 1},    {0, 4}, {4, 0},
      {UINT64_MAX},           {UINT64_MAX, 4},        {UINT64_MAX, UINT64_MAX}};
  for (const auto& dimensions : bad) {
    ExpectDataLoss(OneTensor(dimensions, kF32, 0, 64), "out of range");
  }
  ExpectDataLoss(OneTensor({uint64_t{1} << 32, uint64_t{1} << 32}, kF32, 0, 64), "out of range");
}

TEST(GgufParserTest, Cve2026_33298_ByteCountThatOverflows) {
  ExpectDataLoss(OneTensor({uint64_t{1} << 61}, kF32, 0, 64), "too many");
  ExpectDataLoss(OneTensor({uint64_t{1} << 62}, kF32, 0, 64), "too many");
  // 2^63 - 256 elements are 2^55 - 1 blocks: no overflow, and far beyond the file.
  ExpectDataLoss(OneTensor({INT64_MAX - 255}, kQ4K, 0, 288), "of 288 bytes of data");
  ExpectDataLoss(OneTensor({uint64_t{1} << 40}, kF32, 0, 64), "of 64 bytes of data");
}

TEST(GgufParserTest, Cve2025_53630_SizesWhoseSumOverflows) {
  Bytes file = Bytes::Header(4, 0);
  for (const char* name : {"a", "b", "c", "d"}) {
    file.Tensor(name, {uint64_t{1} << 60}, kF32, 0);
  }
  ExpectDataLoss(file.Data(64), "tensor 'a'");
}

TEST(GgufParserTest, Cve2026_27940_OffsetPlusSizeOverflows) {
  for (const uint64_t offset : {UINT64_MAX - 31, UINT64_MAX - 63, uint64_t{1} << 63}) {
    ExpectDataLoss(OneTensor({16}, kF32, offset, 64), "tensor 't' is 64 bytes at offset");
  }
}

TEST(GgufParserTest, Cve2026_7482_TensorBeyondTheEndOfTheFile) {
  ExpectDataLoss(OneTensor({16}, kF32, 32, 64), "tensor 't' is 64 bytes at offset 32 of 64");
  ExpectDataLoss(OneTensor({17}, kF32, 0, 64), "tensor 't' is 68 bytes at offset 0 of 64");
  ExpectDataLoss(OneTensor({4}, kF32, 64, 64), "at offset 64 of 64");
  ExpectDataLoss(OneTensor({4}, kF32, 1, 64), "at offset 1 of 64");
  ExpectDataLoss(Bytes::Header(1, 0).Tensor("t", {1}, kF32, 0), "of 0 bytes of data");
}

TEST(GgufParserTest, OverlappingTensorsAreRefused) {
  const Bytes apart =
      Bytes::Header(2, 0).Tensor("b", {8}, kF32, 32).Tensor("a", {8}, kF32, 0).Data(64);
  EXPECT_TRUE(ParseStatus(apart).ok());
  ExpectDataLoss(Bytes::Header(2, 0).Tensor("b", {8}, kF32, 32).Tensor("a", {9}, kF32, 0).Data(96),
                 "tensors 'a' and 'b' overlap");
}

TEST(GgufParserTest, InvalidAlignmentIsRefused) {
  for (const uint32_t alignment : {0U, 3U, 65537U, 131072U, 1U << 31, UINT32_MAX}) {
    ExpectDataLoss(Bytes::Header(0, 1).Key("general.alignment", kUint32).Put(alignment),
                   "'general.alignment' is " + std::to_string(alignment));
  }
  ExpectDataLoss(Bytes::Header(0, 1).Key("general.alignment", kUint64).Put(UINT64_MAX),
                 "'general.alignment' is 18446744073709551615");
  ExpectDataLoss(Bytes::Header(0, 1).Key("general.alignment", kFloat32).Put(32.0F),
                 "'general.alignment' is not an unsigned whole number");
}

TEST(GgufParserTest, LlamaCpp26318_UnknownTypesAndDuplicates) {
  for (const uint32_t type : {13U, UINT32_MAX}) {
    ExpectDataLoss(Bytes::Header(0, 1).Key("k", type).Data(64), "metadata 'k'");
    ExpectDataLoss(Bytes::Header(0, 1).Key("k", kArray).Put(type).Put<uint64_t>(0),
                   "unknown element type " + std::to_string(type));
  }
  for (const uint32_t type : {5U, 43U, UINT32_MAX}) {
    const absl::Status status = ParseStatus(OneTensor({256}, type, 0, 4096));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("tensor 't': type " + std::to_string(type)));
  }
  ExpectDataLoss(Bytes::Header(0, 2).Key("k", kUint32).Put(1).Key("k", kUint32).Put(1),
                 "metadata 'k' is duplicated");
  ExpectDataLoss(Bytes::Header(2, 0).Tensor("t", {1}, 0, 0).Tensor("t", {1}, 0, 32).Data(64),
                 "tensor 't' is duplicated");
}

// Such a file can be inspected; only a model that needs the tensor is refused.
TEST(GgufParserTest, UnsupportedTypesAreListedByName) {
  constexpr uint32_t kIq2Xxs = 16;
  const Bytes file =
      Bytes::Header(2, 0).Tensor("a", {256, 2}, kIq2Xxs, 0).Tensor("b", {4}, kF32, 160).Data(176);
  const WrittenFile written(file);
  const auto opened = GgufFile::Open(written.path());
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_EQ((*opened)->unread().size(), 1);
  const UnreadTensor& unread = (*opened)->unread()[0];
  EXPECT_EQ(unread.name, "a");
  EXPECT_EQ(unread.type, "IQ2_XXS");
  EXPECT_EQ(unread.elements, 512);
  EXPECT_EQ(unread.bytes, 132);
  EXPECT_EQ((*opened)->FindTensor("a"), nullptr);
  EXPECT_TRUE((*opened)->Contains("a"));
  const absl::Status part = ParseStatus(OneTensor({42, 2}, kIq2Xxs, 0, 132));
  EXPECT_EQ(part.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(part.message()),
              HasSubstr("tensor 't': IQ2_XXS tensors are not supported"));
  // Their positions are checked like those of other tensors.
  ExpectDataLoss(OneTensor({256, 2}, kIq2Xxs, 0, 131), "tensor 't' is 132 bytes at offset 0");
  ExpectDataLoss(
      Bytes::Header(2, 0).Tensor("a", {256, 2}, kIq2Xxs, 0).Tensor("b", {4}, kF32, 128).Data(176),
      "tensors 'a' and 'b' overlap");
}

TEST(GgufParserTest, ArraysOfArraysDoNotRecurse) {
  Bytes file = Bytes::Header(0, 1).Key("k", kArray);
  for (int depth = 0; depth < 100'000; ++depth) file.Put(kArray).Put<uint64_t>(1);
  EXPECT_EQ(ParseStatus(file).code(), absl::StatusCode::kUnimplemented);
}

TEST(GgufParserTest, RowsOfPartialBlocksAreRefused) {
  ExpectDataLoss(OneTensor({128, 2}, kQ4K, 0, 288), "rows of 128 elements");
}

TEST(GgufParserTest, NamesInErrorsAreShortAndPrintable) {
  const std::string name = "\x1b[2J\xff" + std::string(900, 'x');
  const absl::Status status = ParseStatus(Bytes::Header(1, 0).Tensor(name, {}, kF32, 0).Data(64));
  EXPECT_THAT(std::string(status.message()), HasSubstr("tensor '\\033[2J\\377xxx"));
  EXPECT_LT(status.message().size(), 200);
  ExpectDataLoss(Bytes::Header(1, 0).Tensor(std::string(1025, 'x'), {1}, kF32, 0).Data(64),
                 "tensor 0: text of 1025 bytes is longer than 1024");
  ExpectDataLoss(Bytes::Header(1, 0).Tensor("", {1}, kF32, 0).Data(64), "tensor 0: its name");
  ExpectDataLoss(Bytes::Header(0, 1).Key("", kUint32).Data(64), "metadata entry 0: its key");
}

TEST(GgufParserTest, LlamaCpp26690_WrongElementTypeIsRefused) {
  const WrittenFile written(Bytes::Header(0, 1)
                                .Key("tokenizer.ggml.scores", kArray)
                                .Put<uint32_t>(0)
                                .Put<uint64_t>(2)
                                .Put<uint16_t>(7));
  const auto file = GgufFile::Open(written.path());
  ASSERT_TRUE(file.ok()) << file.status();
  for (const absl::Status& status : {(*file)->GetStrings("tokenizer.ggml.scores").status(),
                                     (*file)->GetFloat("tokenizer.ggml.scores").status(),
                                     (*file)->GetInt("tokenizer.ggml.scores", 0, 9).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("'tokenizer.ggml.scores' is an array of 2 whole numbers, not "));
  }
}

TEST(GgufParserTest, WholeNumbersAbove63BitsDoNotWrap) {
  const WrittenFile written(Bytes::Header(0, 4)
                                .Key("array", kArray)
                                .Put(kUint64)
                                .Put<uint64_t>(2)
                                .Put<uint64_t>(1)
                                .Put<uint64_t>(uint64_t{1} << 63)
                                .Key("number", kUint64)
                                .Put(UINT64_MAX)
                                .Key("largest", kArray)
                                .Put(kUint64)
                                .Put<uint64_t>(1)
                                .Put<uint64_t>(INT64_MAX)
                                .Key("nan", kFloat32)
                                .Put<uint32_t>(0x7FC00000));
  const auto file = GgufFile::Open(written.path());
  ASSERT_TRUE(file.ok()) << file.status();
  const absl::Status array = (*file)->GetInts("array").status();
  EXPECT_EQ(array.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(array.message()),
              HasSubstr("'array' is or contains 9223372036854775808, more than"));
  const absl::Status number = (*file)->GetInt("number", INT64_MIN, INT64_MAX).status();
  EXPECT_EQ(number.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(number.message()),
              HasSubstr("'number' is or contains 18446744073709551615"));
  EXPECT_THAT(*(*file)->GetInts("largest"), testing::ElementsAre(INT64_MAX));
  EXPECT_EQ((*file)->GetFloat("nan").status().code(), absl::StatusCode::kDataLoss);
}

TEST(GgufParserTest, TextIsNotAGgufFile) {
  const std::string text = "This is a text.\n";
  const absl::Status status = ParseGgufHeader(AsBytes(text)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not a GGUF file"));
}

TEST(GgufParserTest, TruncationAtEveryByteIsAnError) {
  const std::string whole = ReadFile(kTypes);
  ASSERT_TRUE(ParseGgufHeader(AsBytes(whole)).ok());
  const auto header = ParseGgufHeader(AsBytes(whole));
  size_t end = 0;
  for (const StoredTensor& tensor : header->tensors) {
    end = std::max(end, static_cast<size_t>(tensor.data.end() - AsBytes(whole).data()));
  }
  for (size_t size = 0; size < end; ++size) {
    // A copy, so that a sanitizer detects a read past its end.
    const std::string cut(whole.data(), size);
    EXPECT_FALSE(ParseGgufHeader(AsBytes(cut)).ok()) << size;
  }
}

TEST(GgufParserTest, FlippedBytesNeverCrash) {
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

// The file has 64 GiB but takes no space on the disk.
TEST(GgufParserTest, SparseFilesDoNotFillTheMemory) {
  Bytes start = Bytes::Header(0, 20);
  start.Key("k", kString).Put(uint64_t{200} << 20);
  const WrittenFile written(start);
  ASSERT_EQ(truncate(written.path().c_str(), off_t{1} << 36), 0);
  const auto file = GgufFile::Open(written.path());
  EXPECT_EQ(file.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(file.status().message()),
              HasSubstr("text of 209715200 bytes is longer than 16777216"));

  // Eight arrays of 16 MiB would take 1 GiB of memory. The limit of the header refuses them first.
  Bytes arrays = Bytes::Header(0, 16);
  const std::string zeros(uint64_t{1} << 24, '\0');
  for (int i = 0; i < 8; ++i) {
    arrays.Key("k" + std::to_string(i), kArray).Put(kUint8).Put<uint64_t>(zeros.size());
    arrays.Text(zeros);
  }
  ExpectDataLoss(arrays.Data(uint64_t{1} << 20), "longer than the file");
}

}  // namespace
}  // namespace assay::engine
