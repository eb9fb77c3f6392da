// GgufFile with models that are split into several files.
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/formats/gguf.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

constexpr uint16_t kParts = 2;
constexpr int32_t kTensors = 2;

class GgufSplitTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = absl::StrCat(testing::TempDir(), "/split_", getpid());
    std::filesystem::create_directories(folder_);
    Write(1, First());
    Write(2, Second("b", 1));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(int part) const {
    return absl::StrCat(folder_, "/model-0000", part, "-of-00002.gguf");
  }
  void Write(int part, const Bytes& bytes) const {
    std::ofstream(Path(part), std::ios::binary) << bytes.text();
  }
  static Bytes First(int32_t tensors = kTensors) {
    return Bytes::Header(1, 4)
        .Key("general.name", kString)
        .String("whole")
        .Key("split.no", kUint16)
        .Put<uint16_t>(0)
        .Key("split.count", kUint16)
        .Put(kParts)
        .Key("split.tensors.count", kInt32)
        .Put(tensors)
        .Tensor("a", {2}, kF32, 0)
        .Data(8);
  }
  static Bytes Second(const std::string& tensor, uint16_t number) {
    return Bytes::Header(1, 2)
        .Key("split.no", kUint16)
        .Put(number)
        .Key("split.count", kUint16)
        .Put(kParts)
        .Tensor(tensor, {4}, kF32, 0)
        .Data(16);
  }
  void ExpectRefused(const std::string& path, const std::string& message) const {
    const absl::Status status = GgufFile::Open(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  std::string folder_;
};

TEST_F(GgufSplitTest, AnyPartOpensTheWholeModel) {
  for (const int part : {1, 2}) {
    const auto file = GgufFile::Open(Path(part));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->path(), Path(part));
    EXPECT_EQ(*(*file)->GetString("general.name"), "whole");
    EXPECT_EQ((*file)->tensors().size(), 2);
    ASSERT_NE((*file)->FindTensor("b"), nullptr);
    EXPECT_EQ((*file)->FindTensor("b")->data.size(), 16);
    EXPECT_TRUE((*file)->CheckPresent(*(*file)->FindTensor("b")).ok());
  }
}

TEST_F(GgufSplitTest, MissingPartIsNamedWithItsPath) {
  std::filesystem::remove(Path(2));
  ExpectRefused(Path(1), absl::StrCat("is part 1 of 2 of a model, but part 2, ", Path(2)));
}

TEST_F(GgufSplitTest, RenamedPartIsRecognized) {
  const std::string renamed = folder_ + "/model.gguf";
  std::filesystem::rename(Path(1), renamed);
  ExpectRefused(renamed, "is one of 2 parts of a model (split.count)");
  EXPECT_THAT(std::string(GgufFile::Open(renamed).status().message()),
              HasSubstr("-00001-of-00002.gguf"));
}

TEST_F(GgufSplitTest, PartsOfAnotherModelAreRefused) {
  Write(2, Second("b", 0));
  ExpectRefused(Path(1), Path(2) + ": its metadata says part 1 of 2");
  Write(2, Second("a", 1));
  ExpectRefused(Path(1), "tensor 'a' is duplicated in another part");
  Write(2, Second("b", 1));
  Write(1, First(/*tensors=*/3));
  ExpectRefused(Path(1), "its 2 parts have 2 tensors, but split.tensors.count is 3");
}

TEST_F(GgufSplitTest, CutPartIsDataLossInsteadOfSigbus) {
  const auto file = GgufFile::Open(Path(1));
  ASSERT_TRUE(file.ok()) << file.status();
  std::filesystem::resize_file(Path(2), std::filesystem::file_size(Path(2)) - 1);
  const absl::Status status = (*file)->CheckPresent(*(*file)->FindTensor("b"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path(2) + ": tensor 'b'"));
}

}  // namespace
}  // namespace assay::engine
