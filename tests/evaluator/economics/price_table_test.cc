// Tests of evaluator/economics/price_table.
#include "evaluator/economics/price_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "evaluator/economics/economics.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;

std::string ParseError(const std::string& text) {
  const absl::Status status = ParsePriceTable(text, "prices.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(PriceTableTest, TheBuiltInTableEqualsTheFile) {
  std::ifstream file("deploy/prices.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), kBuiltInPricesYaml);
  const absl::StatusOr<PriceTable> table = BuiltInPriceTable();
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_GE(table->entries.size(), 5U);
  EXPECT_FALSE(table->source.empty());
  for (const HostedPrice& entry : table->entries) EXPECT_EQ(entry.as_of, table->as_of);
}

TEST(PriceTableTest, TheFlatPriceOfTheOriginalSystemIsAnEntry) {
  const absl::StatusOr<HostedPrice> price = BuiltInPriceTable()->Find("original_flat");
  ASSERT_TRUE(price.ok()) << price.status();
  EconomicsInputs inputs;
  inputs.hosted = *price;
  EXPECT_DOUBLE_EQ(HostedUsd(inputs, 1000, 100000), 0.000150);
}

TEST(PriceTableTest, InputAndOutputTokensHaveTheirOwnPrices) {
  const absl::StatusOr<PriceTable> table = ParsePriceTable(
      "as_of: 2024-02-29\nentries:\n  - { name: a, usd_per_million_input_tokens: 2, "
      "usd_per_million_output_tokens: 8, usd_per_request: 0.5 }\n",
      "prices.yaml");
  ASSERT_TRUE(table.ok()) << table.status();
  EconomicsInputs inputs;
  inputs.hosted = *table->Find("a");
  EXPECT_DOUBLE_EQ(HostedUsd(inputs, 1000, 500), 0.506);
}

TEST(PriceTableTest, AnUnknownNameListsTheKnownOnes) {
  const absl::StatusOr<PriceTable> table = ParsePriceTable(
      "as_of: 2026-11-01\nentries: [{ name: a, usd_per_request: 1 }, { name: b, "
      "usd_per_request: 0 }]\n",
      "prices.yaml");
  ASSERT_TRUE(table.ok()) << table.status();
  const absl::Status status = table->Find("c").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "'c' is not in the price table prices.yaml (as of 2026-11-01); give one of a, b");
}

TEST(PriceTableTest, ErrorsNameLineKeyAndValue) {
  const std::string good = "entries:\n  - { name: a, usd_per_request: 1 }\n";
  for (const char* date :
       {"2026-02-30", "2025-02-29", "26-01-01", "2026-1-1", "yesterday", "2026-01-01T00"}) {
    EXPECT_THAT(ParseError(absl::StrCat("as_of: ", date, "\n", good)),
                HasSubstr(absl::StrCat("prices.yaml:1: as_of: '", date, "' is not a date")));
  }
  EXPECT_THAT(ParseError(good), HasSubstr("as_of"));
  const auto with = [](const std::string& entry) {
    return absl::StrCat("as_of: 2026-11-01\nentries:\n  - ", entry, "\n");
  };
  EXPECT_THAT(ParseError("as_of: 2026-11-01\nentries: []\n"), HasSubstr("prices.yaml:2: entries"));
  EXPECT_THAT(ParseError("as_of: 2026-11-01\n"), HasSubstr("entries: has 0"));
  EXPECT_THAT(ParseError(with("{ usd_per_request: 1 }")), HasSubstr("name: is required"));
  EXPECT_THAT(ParseError(with("{ name: \"a b\", usd_per_request: 1 }")),
              HasSubstr("'a b' must be"));
  EXPECT_THAT(
      ParseError(with(absl::StrCat("{ name: ", std::string(129, 'a'), ", usd_per_request: 1 }"))),
      HasSubstr("1 to 128"));
  EXPECT_THAT(ParseError(with("{ name: a }")), HasSubstr("prices.yaml:3"));
  EXPECT_THAT(ParseError(with("{ name: a, usd_per_million_input_tokens: 1 }")),
              HasSubstr("'a' has no price"));
  EXPECT_THAT(ParseError(with("{ name: a, usd_per_request: -1 }")), HasSubstr("-1"));
  EXPECT_THAT(ParseError(with("{ name: a, usd_per_request: .nan }")), HasSubstr("nan"));
  EXPECT_THAT(ParseError(with("{ name: a, usd_per_request: 1e9 }")), HasSubstr("usd_per_request"));
  EXPECT_THAT(ParseError(with("{ name: a, usd_per_request: 1, currency: EUR }")),
              HasSubstr("currency"));
  EXPECT_THAT(
      ParseError(with("{ name: a, usd_per_request: 1 }\n  - { name: a, usd_per_request: 2 }")),
      HasSubstr("prices.yaml:4: entries[1].name: 'a' is duplicated"));
  EXPECT_THAT(ParseError("as_of: 2026-11-01\nentries: 3\n"), HasSubstr("entries"));
}

TEST(PriceTableTest, AMissingFileIsNotFound) {
  EXPECT_EQ(LoadPriceTable("/nonexistent/prices.yaml").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay::evaluator
