// Safetensors checkpoints: valid, damaged and hostile ones.
#include "engine/formats/safetensors.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kSingle[] = "model.safetensors";
constexpr char kIndex[] = "model.safetensors.index.json";
constexpr char kFirst[] = "model-00001-of-00002.safetensors";
constexpr char kSecond[] = "model-00002-of-00002.safetensors";
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kDeeperThanRead = 100;

std::string Length(uint64_t length) {
  return {reinterpret_cast<const char*>(&length), sizeof(length)};
}

std::string File(const std::string& header, size_t data_bytes) {
  return Length(header.size()) + header + std::string(data_bytes, '\0');
}

// Returns the entry of a tensor in a header.
std::string Entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

std::string OneTensor(const std::string& shape, const std::string& offsets) {
  return "{" + Entry("t", "F32", shape, offsets) + "}";
}

// Returns a shard with one tensor.
std::string Shard(const std::string& tensor) {
  return File("{" + Entry(tensor, "F32", "[2]", "[0,8]") + "}", 8);
}

std::string Index(const std::vector<std::pair<std::string, std::string>>& map) {
  std::vector<std::string> entries;
  entries.reserve(map.size());
  for (const auto& [tensor, shard] : map) {
    entries.push_back(absl::StrCat("\"", tensor, "\":\"", shard, "\""));
  }
  return absl::StrCat(R"({"weight_map":{)", absl::StrJoin(entries, ","), "}}");
}

class SafetensorsTest : public testing::Test {
 protected:
  SafetensorsTest()
      : folder_(testing::TempDir() + "/safetensors_" + std::to_string(getpid()) + "_" +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(folder_);
  }
  ~SafetensorsTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  void WriteShards() const {
    Write(kFirst, Shard("a"));
    Write(kSecond, Shard("b"));
    Write(kIndex, Index({{"a", kFirst}, {"b", kSecond}}));
  }

  // Expects that opening fails with `code` and a message with the path of the file and each of
  // `parts`.
  void ExpectRefused(const std::string& name, const std::vector<std::string>& parts,
                     absl::StatusCode code = absl::StatusCode::kDataLoss) const {
    const absl::Status status = SafetensorsCheckpoint::Open(folder_).status();
    EXPECT_EQ(status.code(), code) << status;
    const std::string message(status.message());
    EXPECT_THAT(message, HasSubstr(Path(name)));
    for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part));
  }
  void ExpectHeaderRefused(const std::string& header, size_t data_bytes,
                           const std::vector<std::string>& parts) const {
    Write(kSingle, File(header, data_bytes));
    ExpectRefused(kSingle, parts);
  }

  const std::string folder_;
};

TEST_F(SafetensorsTest, ValidFileIsRead) {
  // The names are in another order than the bytes; one tensor is a scalar; there is metadata.
  Write(kSingle,
        File(R"({"__metadata__":{"format":"pt"},)" + Entry("a", "F16", "[2,3]", "[8,20]") + "," +
                 Entry("b", "F32", "[2]", "[0,8]") + "," + Entry("c", "BF16", "[]", "[20,22]") +
                 "," + Entry("none", "F32", "[3,0]", "[20,20]") + "}   ",
             22));
  const auto checkpoint = SafetensorsCheckpoint::Open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ((*checkpoint)->tensors().size(), 4);
  const StoredTensor* tensor = (*checkpoint)->FindTensor("a");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->type, GgmlType::kF16);
  EXPECT_THAT(tensor->shape, ElementsAre(2, 3));
  EXPECT_EQ(tensor->data.size(), 12);
  EXPECT_EQ((*checkpoint)->FindTensor("c")->ElementCount(), 1);
  EXPECT_EQ((*checkpoint)->FindTensor("__metadata__"), nullptr);
  EXPECT_TRUE((*checkpoint)->CheckPresent(*tensor).ok());
}

TEST_F(SafetensorsTest, ShardsAreRead) {
  WriteShards();
  const auto checkpoint = SafetensorsCheckpoint::Open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_NE((*checkpoint)->FindTensor("a"), nullptr);
  EXPECT_NE((*checkpoint)->FindTensor("b"), nullptr);
}

TEST_F(SafetensorsTest, FoldersWithoutACheckpointAreErrors) {
  EXPECT_EQ(SafetensorsCheckpoint::Open(folder_).status().code(), absl::StatusCode::kNotFound);
  Write("pytorch_model.bin", "x");
  const absl::Status status = SafetensorsCheckpoint::Open(folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder_ + ": has only pytorch_model.bin"));
}

TEST_F(SafetensorsTest, InvalidHeaderLengthsAreRefused) {
  Write(kSingle, "");
  ExpectRefused(kSingle, {"is empty"});
  Write(kSingle, "1234567");
  ExpectRefused(kSingle, {"7 bytes"});
  Write(kSingle, Length(0));
  ExpectRefused(kSingle, {"header of 0 bytes"});
  for (const uint64_t length : {uint64_t{3}, uint64_t{1} << 40, UINT64_MAX - 7, UINT64_MAX}) {
    Write(kSingle, Length(length) + "{}");
    ExpectRefused(kSingle, {"header of " + std::to_string(length) + " bytes in a file of 10"});
  }
}

// The sparse file is large enough for the header, so that only the limit refuses it.
TEST_F(SafetensorsTest, HeaderAboveTheLimitIsRefused) {
  Write(kSingle, Length(kMaxHeaderBytes + 1) + "{}");
  std::filesystem::resize_file(Path(kSingle), 2 * kMaxHeaderBytes);
  ExpectRefused(kSingle, {"header of 100000001 bytes", "limit 100000000"});
}

TEST_F(SafetensorsTest, HeadersThatDoNotDescribeTensorsAreRefused) {
  ExpectHeaderRefused("{\"t\":", 0, {"header", "not valid JSON"});
  ExpectHeaderRefused("\xff\xfe{}", 0, {"header", "not valid JSON"});
  ExpectHeaderRefused("[1]", 0, {"header", "not a JSON object"});
  ExpectHeaderRefused("null", 0, {"header", "not a JSON object"});
  const std::string open(kDeeperThanRead, '[');
  const std::string close(kDeeperThanRead, ']');
  ExpectHeaderRefused("{\"t\":" + open + close + "}", 0, {"header", "nested deeper than 64"});
  // Brackets in a string are not nesting.
  ExpectHeaderRefused("{\"" + open + "\":1}", 0, {"[[[", "dtype"});
  ExpectHeaderRefused(R"({"t":3})", 0, {"tensor 't'", "dtype"});
  ExpectHeaderRefused(R"({"t":{}})", 0, {"tensor 't'", "dtype"});
  ExpectHeaderRefused(R"({"t":{"dtype":7}})", 0, {"tensor 't'", "dtype", "7"});
}

// The parser would allocate at least eight bytes per bracket, so the check runs before it.
TEST_F(SafetensorsTest, DeepNestingIsRefusedBeforeParsing) {
  constexpr size_t kManyBrackets = size_t{4} << 20;
  ExpectHeaderRefused(std::string(kManyBrackets, '['), 0, {"header", "nested deeper than 64"});
}

TEST_F(SafetensorsTest, InvalidOffsetsAreRefused) {
  for (const char* offsets :
       {"[-8,8]", "[0,-1]", "[0.0,8]", "[0]", "[0,4,8]", "8", "null", R"(["0","8"])"}) {
    ExpectHeaderRefused(OneTensor("[2]", offsets), 8, {"tensor 't'", "data_offsets", offsets});
  }
  for (const char* offsets : {"[8,0]", "[0,9]", "[9,17]", "[0,18446744073709551615]",
                              "[18446744073709551608,18446744073709551615]"}) {
    ExpectHeaderRefused(OneTensor("[2]", offsets), 8,
                        {"tensor 't'", "data_offsets", offsets, "8 bytes of data"});
  }
  // 2^64 is not a whole number for a JSON parser.
  ExpectHeaderRefused(OneTensor("[2]", "[0,18446744073709551616]"), 8, {"data_offsets", "1.84467"});
  ExpectHeaderRefused(R"({"t":{"dtype":"F32","shape":[2]}})", 8, {"tensor 't'", "data_offsets"});
}

// Overlapping tensors would let a small file fill the memory.
TEST_F(SafetensorsTest, OverlappingTensorsAreRefused) {
  for (const char* offsets : {"[4,12]", "[0,8]"}) {
    ExpectHeaderRefused(
        "{" + Entry("a", "F32", "[2]", "[0,8]") + "," + Entry("b", "F32", "[2]", offsets) + "}", 12,
        {"'a'", "'b'", "overlap"});
  }
  // Tensors of unsupported types count too.
  ExpectHeaderRefused(
      "{" + Entry("a", "F32", "[2]", "[0,8]") + "," + Entry("b", "I8", "[8]", "[4,12]") + "}", 12,
      {"'a'", "'b'", "overlap"});
}

// The format allows no gaps, which could hide another file.
TEST_F(SafetensorsTest, BytesOutsideOfTensorsAreRefused) {
  ExpectHeaderRefused(
      "{" + Entry("a", "F32", "[2]", "[0,8]") + "," + Entry("b", "F32", "[2]", "[12,20]") + "}", 20,
      {"bytes 8 to 12"});
  ExpectHeaderRefused(OneTensor("[2]", "[4,12]"), 12, {"bytes 0 to 4"});
  ExpectHeaderRefused(OneTensor("[2]", "[0,8]"), 12, {"bytes 8 to 12"});
  ExpectHeaderRefused("{}", 3, {"bytes 0 to 3"});
}

TEST_F(SafetensorsTest, InvalidShapesAreRefused) {
  const std::vector<std::string> too_large = {"[4294967296,4294967296]",
                                              "[9223372036854775807,2]",
                                              "[4611686018427387904,4]",
                                              "[18446744073709551615]",
                                              "[18446744073709551615,18446744073709551615]",
                                              "[3]"};
  for (const std::string& shape : too_large) {
    ExpectHeaderRefused(OneTensor(shape, "[0,8]"), 8, {"tensor 't'", shape});
  }
  for (const char* shape : {"[1]", "[]", "[1,1]"}) {
    ExpectHeaderRefused(OneTensor(shape, "[0,8]"), 8, {"tensor 't'", "8 bytes for 1 elements"});
  }
  ExpectHeaderRefused(OneTensor("[0,2]", "[0,8]"), 8, {"tensor 't'", "8 bytes for 0 elements"});
  for (const char* shape :
       {"[-2]", "[2.0]", R"(["2"])", "2", "null", "[[2]]", "[1,1,1,1,1,1,1,1,2]"}) {
    ExpectHeaderRefused(OneTensor(shape, "[0,8]"), 8, {"tensor 't'", "shape", shape});
  }
  ExpectHeaderRefused(R"({"t":{"dtype":"F32","data_offsets":[0,8]}})", 8, {"tensor 't'", "shape"});
  ExpectHeaderRefused(OneTensor("[18446744073709551616]", "[0,8]"), 8, {"shape", "1.84467"});
  // The sum of the elements must not overflow for unsupported types either.
  ExpectHeaderRefused("{" + Entry("t", "F4", "[4611686018427387904]", "[0,8]") + "}", 8,
                      {"tensor 't'", "8 bytes for 4611686018427387904 elements of F4"});
  // The bytes contain half of an element.
  ExpectHeaderRefused(OneTensor("[1]", "[0,6]"), 6, {"tensor 't'", "6 bytes for 1 elements"});
}

// They are an error only if a model needs the tensor.
TEST_F(SafetensorsTest, UnsupportedTypesAreListedByName) {
  Write(kSingle,
        File("{" + Entry("a", "F8_E4M3", "[4]", "[0,4]") + "," + Entry("b", "F32", "[1]", "[4,8]") +
                 "," + Entry("c", "I64", "[0]", "[4,4]") + "}",
             8));
  const auto checkpoint = SafetensorsCheckpoint::Open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ((*checkpoint)->FindTensor("a"), nullptr);
  ASSERT_EQ((*checkpoint)->unread().size(), 2);
  const UnreadTensor* unread = (*checkpoint)->FindUnread("a");
  ASSERT_NE(unread, nullptr);
  EXPECT_EQ(unread->type, "F8_E4M3");
  EXPECT_EQ(unread->elements, 4);
  EXPECT_EQ(unread->bytes, 4);
  EXPECT_EQ((*checkpoint)->FindUnread("b"), nullptr);
  EXPECT_TRUE((*checkpoint)->Contains("a"));
  EXPECT_TRUE((*checkpoint)->Contains("b"));
}

TEST_F(SafetensorsTest, DuplicateNamesAreRefused) {
  const std::string first = Entry("t", "F32", "[2]", "[0,8]");
  ExpectHeaderRefused("{" + first + "," + Entry("t", "F32", "[2]", "[8,16]") + "}", 16,
                      {"'t' is duplicated"});
  ExpectHeaderRefused("{" + first + "," + first + "}", 8, {"'t' is duplicated"});
  // The same name with an escape sequence.
  ExpectHeaderRefused("{" + first + "," + Entry("\\u0074", "F32", "[2]", "[0,8]") + "}", 8,
                      {"'t' is duplicated"});
}

TEST_F(SafetensorsTest, NamesInErrorsAreShortAndPrintable) {
  const std::string name = "\\u001b[2J" + std::string(900, 'x');
  Write(kSingle, File("{" + Entry(name, "F32", "[3]", "[0,8]") + "}", 8));
  const std::string message(SafetensorsCheckpoint::Open(folder_).status().message());
  EXPECT_THAT(message, HasSubstr("tensor '\\033[2Jxxx"));
  EXPECT_THAT(message, Not(HasSubstr(std::string(100, 'x'))));
}

TEST_F(SafetensorsTest, IndexesMustNotReferOutsideOfTheFolder) {
  for (const char* shard :
       {"../evil.safetensors", "/etc/evil.safetensors", "sub/evil.safetensors", ".", "..", ""}) {
    WriteShards();
    Write(kIndex, Index({{"a", shard}, {"b", kSecond}}));
    ExpectRefused(kIndex, {"weight_map of 'a' is \"" + std::string(shard) + "\""});
  }
  Write(kIndex, R"({"weight_map":{"a":7}})");
  ExpectRefused(kIndex, {"weight_map of 'a' is 7"});
  // A NUL would end the name when the file is opened.
  Write(kIndex, R"({"weight_map":{"a":")" + std::string(kFirst) + R"(\u0000.bin"}})");
  ExpectRefused(kIndex, {"weight_map of 'a' is", "\\u0000.bin"});
}

TEST_F(SafetensorsTest, DamagedIndexesAreRefused) {
  WriteShards();
  for (const char* index : {"{", "[]", "{}", R"({"weight_map":{}})", R"({"weight_map":[]})", ""}) {
    Write(kIndex, index);
    ExpectRefused(kIndex, {});
  }
}

TEST_F(SafetensorsTest, MissingShardIsNamed) {
  WriteShards();
  std::filesystem::remove(Path(kSecond));
  ExpectRefused(kIndex, {"names the shard '" + std::string(kSecond) + "'"});
}

TEST_F(SafetensorsTest, TensorMissingFromItsShardIsNamed) {
  WriteShards();
  Write(kIndex, Index({{"a", kFirst}, {"b", kSecond}, {"c", kSecond}}));
  ExpectRefused(kIndex, {"tensor 'c' is not in '" + std::string(kSecond) + "'"});
}

TEST_F(SafetensorsTest, TensorInTwoShardsIsRefused) {
  WriteShards();
  Write(kSecond, Shard("a"));
  ExpectRefused(kSecond, {"tensor 'a' is duplicated in another shard"});
}

TEST_F(SafetensorsTest, TruncatedShardsAreRefused) {
  const auto whole = static_cast<std::uintmax_t>(Shard("b").size());
  for (const std::uintmax_t size : {whole - 1, whole - 9, std::uintmax_t{4}, std::uintmax_t{0}}) {
    WriteShards();
    std::filesystem::resize_file(Path(kSecond), size);
    ExpectRefused(kSecond, {});
  }
}

TEST_F(SafetensorsTest, FileCutAfterOpeningIsDataLoss) {
  WriteShards();
  const auto checkpoint = SafetensorsCheckpoint::Open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  std::filesystem::resize_file(Path(kSecond), 8);
  EXPECT_TRUE((*checkpoint)->CheckPresent(*(*checkpoint)->FindTensor("a")).ok());
  const absl::Status status = (*checkpoint)->CheckPresent(*(*checkpoint)->FindTensor("b"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tensor 'b'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path(kSecond)));
}

}  // namespace
}  // namespace assay::engine
