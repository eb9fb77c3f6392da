// Files that are not what their names suggest.
#include "engine/formats/mapped_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

}  // namespace
}  // namespace assay::engine
