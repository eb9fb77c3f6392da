// Tests reading `evaluation.economics`.
#include "server/config/economics_config.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/config/config.h"

namespace assay::server {
namespace {

using testing::HasSubstr;

class EconomicsConfigTest : public testing::Test {
 protected:
  EconomicsConfigTest() { std::filesystem::create_directories(folder_); }
  ~EconomicsConfigTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  // `economics` contains the lines of evaluation.economics, which start on line 5.
  absl::StatusOr<evaluator::EconomicsInputs> Read(const std::string& economics) const {
    Write("assayd.yaml",
          absl::StrCat("catalog: m\nstate_dir: s\nevaluation:\n  economics:\n", economics));
    absl::StatusOr<Config> config = LoadConfig((folder_ / "assayd.yaml").string());
    if (!config.ok()) return config.status();
    return config->evaluation.economics;
  }
  std::string ErrorOf(const std::string& economics) const {
    return std::string(Read(economics).status().message());
  }

  const std::filesystem::path folder_ =
      absl::StrCat(testing::TempDir(), "/economics_config_test.", getpid());
};

TEST_F(EconomicsConfigTest, ReadsEveryKey) {
  const auto inputs = Read(R"(
    power_watts: 1
    electricity_usd_per_kwh: 2
    api_usd_per_request: 3
    value_usd_per_piece: 4
    requests_per_day: 5
    hardware_usd: 6
    hardware_years: 7
    busy_hours_per_day: 8.5
    human_usd_per_piece: 9.5
    human_minutes_per_piece: 10.5
    human_usd_per_hour: 11
    review_minutes_per_piece: 12
    acceptance_threshold: 6.5
    leads_per_1000_pieces: 14
    usd_per_lead: 15
    idle_power_watts: 16
    idle_hours_per_day: 17
    machine_memory_gb: 18
)");
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ(inputs->power_watts, 1);
  EXPECT_EQ(inputs->electricity_usd_per_kwh, 2);
  EXPECT_EQ(inputs->api_usd_per_request, 3);
  EXPECT_EQ(inputs->value_usd_per_piece, 4);
  EXPECT_EQ(inputs->requests_per_day, 5);
  EXPECT_EQ(inputs->hosted.name, "");
  EXPECT_EQ(inputs->hardware_usd, 6);
  EXPECT_EQ(inputs->hardware_years, 7);
  EXPECT_EQ(inputs->busy_hours_per_day, 8.5);
  EXPECT_EQ(inputs->human_usd_per_piece, 9.5);
  EXPECT_EQ(inputs->human_minutes_per_piece, 10.5);
  EXPECT_EQ(inputs->human_usd_per_hour, 11);
  EXPECT_EQ(inputs->review_minutes_per_piece, 12);
  EXPECT_EQ(inputs->acceptance_threshold, 6.5);
  EXPECT_EQ(inputs->leads_per_1000_pieces, 14);
  EXPECT_EQ(inputs->usd_per_lead, 15);
  EXPECT_EQ(inputs->idle_power_watts, 16);
  EXPECT_EQ(inputs->idle_hours_per_day, 17);
  EXPECT_EQ(inputs->machine_memory_gb, 18);
}

TEST_F(EconomicsConfigTest, ComparesWithAnEntryOfTheBuiltInTable) {
  const auto inputs = Read("    compare_with: openai/gpt-4o-mini\n");
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ(inputs->hosted.name, "openai/gpt-4o-mini");
  EXPECT_FALSE(inputs->hosted.as_of.empty());
  EXPECT_GT(inputs->hosted.usd_per_million_output_tokens,
            inputs->hosted.usd_per_million_input_tokens);
}

TEST_F(EconomicsConfigTest, ComparesWithATableRelativeToTheFile) {
  Write("mine.yaml", "as_of: 2026-11-01\nentries: [{ name: deal, usd_per_request: 0.5 }]\n");
  const auto inputs = Read("    price_table: mine.yaml\n    compare_with: deal\n");
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ(inputs->hosted.as_of, "2026-11-01");
  EXPECT_EQ(inputs->hosted.usd_per_request, 0.5);
}

TEST_F(EconomicsConfigTest, UnknownEntryErrorListsExistingEntries) {
  Write("mine.yaml",
        "as_of: 2026-11-01\n"
        "entries: [{ name: a, usd_per_request: 1 }, { name: b, usd_per_request: 2 }]\n");
  const std::string message = ErrorOf("    price_table: mine.yaml\n    compare_with: c\n");
  EXPECT_THAT(message, HasSubstr("assayd.yaml:6: evaluation.economics.compare_with: 'c'"));
  EXPECT_THAT(message, HasSubstr("mine.yaml (as of 2026-11-01); give one of a, b"));
}

TEST_F(EconomicsConfigTest, TableErrorNamesBothFiles) {
  Write("mine.yaml", "as_of: 2026-11-01\nentries:\n  - { name: a, usd_per_request: -1 }\n");
  const std::string message = ErrorOf("    price_table: mine.yaml\n");
  EXPECT_THAT(message, HasSubstr("assayd.yaml:5: evaluation.economics.price_table: "));
  EXPECT_THAT(message, HasSubstr("mine.yaml:3"));
  EXPECT_THAT(message, HasSubstr("usd_per_request"));
  EXPECT_THAT(ErrorOf("    price_table: none.yaml\n"), HasSubstr("none.yaml"));
}

TEST_F(EconomicsConfigTest, RejectsInvalidValues) {
  for (const auto& [line, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"hardware_years: 0", "hardware_years"},
           {"busy_hours_per_day: 25", "busy_hours_per_day"},
           {"busy_hours_per_day: 0", "busy_hours_per_day"},
           {"acceptance_threshold: 10.5", "acceptance_threshold"},
           {"idle_hours_per_day: 24.1", "idle_hours_per_day"},
           {"hardware_usd: -1", "hardware_usd"},
           {"hardware_usd: nan", "hardware_usd"},
           {"hardware_usd: .inf", "hardware_usd"},
           {"price_of_gold: 3", "price_of_gold"}}) {
    const std::string message = ErrorOf(absl::StrCat("    ", line, "\n"));
    EXPECT_THAT(message, HasSubstr("assayd.yaml:5")) << line;
    EXPECT_THAT(message, HasSubstr(expected));
  }
  EXPECT_THAT(ErrorOf("    api_usd_per_request: 1\n    compare_with: original_flat\n"),
              HasSubstr("assayd.yaml:5: evaluation.economics.api_usd_per_request: cannot be"));
}

}  // namespace
}  // namespace assay::server
