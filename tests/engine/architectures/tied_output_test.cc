// Folders whose config.json ties the output to the token embedding.
#include "engine/architectures/tied_output.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/architectures/model_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/architectures/configs.h"
#include "tests/engine/formats/file_fixture.h"

namespace assay::engine {
namespace {

constexpr int64_t kRows = 300;
constexpr int64_t kColumns = 48;

class TiedOutputTest : public FileTest {
 protected:
  // Writes a folder with an embedding of zeros and, unless `name` is empty, an output whose element
  // `changed` is not zero.
  void WriteModel(const std::string& name, int64_t changed = -1, bool tied = true) const {
    const size_t bytes = kRows * kColumns * sizeof(float);
    std::string data(bytes, '\0');
    Json header = {
        {"model.embed_tokens.weight",
         {{"dtype", "F32"}, {"shape", {kRows, kColumns}}, {"data_offsets", {0, bytes}}}}};
    if (!name.empty()) {
      header[name] = header["model.embed_tokens.weight"];
      header[name]["data_offsets"] = {bytes, 2 * bytes};
      data.append(bytes, '\0');
      if (changed >= 0) data[bytes + static_cast<size_t>(changed) * sizeof(float)] = '\1';
    }
    const std::string text = header.dump();
    const uint64_t size = text.size();
    Write("model.safetensors",
          std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + text + data);
    Write("config.json", With(Config("llama"), "tie_word_embeddings", tied).dump());
  }

  ModelFiles Open() const {
    absl::StatusOr<ModelFiles> files = OpenModelFiles(folder_);
    EXPECT_TRUE(files.ok()) << files.status();
    return *std::move(files);
  }
};

TEST_F(TiedOutputTest, AnOutputOfItsOwnIsUsedWithAWarning) {
  WriteModel("lm_head.weight", /*changed=*/0);
  const ModelFiles files = Open();
  EXPECT_FALSE(files.spec.tied_embeddings);
  ASSERT_EQ(files.warnings.size(), 1U);
  EXPECT_THAT(files.warnings.front(),
              testing::HasSubstr("lm_head.weight differs from model.embed_tokens.weight"));
}

// Fine-tuned tokens change a few rows. Only a load reads all of them.
TEST_F(TiedOutputTest, ALoadFindsEveryDifference) {
  WriteModel("lm_head.weight", /*changed=*/kRows * kColumns / 2 + 3000);
  ModelFiles files = Open();
  ASSERT_TRUE(CheckTiedOutput(TieCheck::kAll, &files).ok());
  EXPECT_FALSE(files.spec.tied_embeddings);
  EXPECT_EQ(files.warnings.size(), 1U);
  ASSERT_TRUE(CheckTiedOutput(TieCheck::kAll, &files).ok());
  EXPECT_EQ(files.warnings.size(), 1U);
}

TEST_F(TiedOutputTest, AnEqualOrMissingOutputIsTiedWithoutAWarning) {
  for (const char* name : {"", "lm_head.weight"}) {
    WriteModel(name);
    ModelFiles files = Open();
    ASSERT_TRUE(CheckTiedOutput(TieCheck::kAll, &files).ok());
    EXPECT_TRUE(files.spec.tied_embeddings);
    EXPECT_TRUE(files.warnings.empty());
  }
}

TEST_F(TiedOutputTest, AnUntiedModelIsNotCompared) {
  WriteModel("lm_head.weight", /*changed=*/0, /*tied=*/false);
  const ModelFiles files = Open();
  EXPECT_FALSE(files.spec.tied_embeddings);
  EXPECT_TRUE(files.warnings.empty());
}

}  // namespace
}  // namespace assay::engine
