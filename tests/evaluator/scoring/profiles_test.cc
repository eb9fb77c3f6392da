// Tests of the built-in profiles.
#include "evaluator/scoring/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay::evaluator {
namespace {

// Returns the cells of a row of a Markdown table.
std::vector<std::string> Cells(const std::string& row) {
  std::vector<std::string> cells = absl::StrSplit(row, '|');
  for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
  return cells;
}

TEST(ProfilesTest, WeightsAddUpToOne) {
  for (const ContentTypeProfile& profile : BuiltInProfiles()) {
    EXPECT_NEAR(std::accumulate(profile.weights.begin(), profile.weights.end(), 0.0), 1, 1e-9)
        << profile.name;
  }
}

TEST(ProfilesTest, DocumentedTableMatchesTheCode) {
  std::ifstream file("docs/explanation/scoring.md");
  std::vector<std::string> types;
  size_t weights = 0;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() != BuiltInProfiles().size() + 3) continue;
    const auto dimension = std::find(kDimensionNames.begin(), kDimensionNames.end(), cells[1]);
    for (size_t i = 0; i < BuiltInProfiles().size(); ++i) {
      const ContentTypeProfile& profile = BuiltInProfiles()[i];
      const std::string& cell = cells[i + 2];
      if (cells[1] == "band") {
        EXPECT_THAT(cell,
                    testing::StartsWith(absl::StrCat(profile.length.low, "-", profile.length.high)))
            << profile.name;
      } else if (dimension != kDimensionNames.end()) {
        EXPECT_DOUBLE_EQ(std::stod(cell), profile.weights[dimension - kDimensionNames.begin()])
            << profile.name << " " << cells[1];
        ++weights;
      } else if (cells[1].empty()) {
        EXPECT_EQ(cell, profile.name == "default" ? "others" : profile.name);
      }
    }
  }
  EXPECT_EQ(weights, kDimensions * BuiltInProfiles().size());
}

}  // namespace
}  // namespace assay::evaluator
