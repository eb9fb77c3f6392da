// Model files that are truncated while they are in use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/synthetic_models.h"

namespace assay::engine {
namespace {

class DamagedFileTest : public SyntheticModelTest {};

// A regression test: SIGBUS ended the process.
TEST_F(DamagedFileTest, TruncationDuringALoadFailsTheLoad) {
  constexpr int kLoads = 200;
  const std::vector<Shape> shapes = Gpt2Shapes(4, 256);
  const std::string weights = folder_ + "/model.safetensors";
  WriteGpt2(4, 256, shapes);
  const absl::Time start = absl::Now();
  ASSERT_TRUE(LanguageModel::Load(options_).ok());
  const double load_seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> share(0, 1);
  int failed = 0;
  for (int i = 0; i < kLoads; ++i) {
    WriteGpt2(4, 256, shapes);
    const absl::Duration delay = absl::Seconds(load_seconds * share(random));
    const auto left = static_cast<uintmax_t>(
        static_cast<double>(std::filesystem::file_size(weights)) * share(random));
    std::thread truncation([&] {
      absl::SleepFor(delay);
      std::filesystem::resize_file(weights, left);
    });
    const absl::Status status = LanguageModel::Load(options_).status();
    truncation.join();
    if (status.ok()) continue;
    ++failed;
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("model.safetensors")) << status;
  }
  EXPECT_GT(failed, kLoads / 10);
}

TEST_F(DamagedFileTest, TruncationAfterTheLoadDoesNotMatter) {
  WriteGpt2(4, 256, Gpt2Shapes(4, 256));
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    std::filesystem::resize_file(file.path(), 0);
  }
  GenerationRequest request{.prompt = {.text = "a", .raw = true}, .max_new_tokens = 8};
  request.ignore_end_of_text = true;
  const auto result = (*model)->Generate(request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tokens.size(), 8U);
}

}  // namespace
}  // namespace assay::engine
