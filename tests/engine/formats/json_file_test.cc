// JSON files: errors with their position, and values in errors.
#include "engine/formats/json_file.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/formats/file_fixture.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class JsonFileTest : public FileTest {};

TEST(ShortJsonTest, IsTheStartOfTheWholeValue) {
  for (const char* text :
       {"null", "[]", "{}", "\"\"", "-1.5", "[1,[2,{\"a\":[]}],\"b\"]",
        "{\"a\":1,\"b\":{\"c\":[null]}}",
        "[1111111111,1111111111,1111111111,1111111111,1111111111,111]",
        "[1111111111,1111111111,1111111111,1111111111,1111111111,1111]",
        "\"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\"",
        "{\"a long key of an object, longer than what is shown of a value\":[1,2,3]}"}) {
    const Json value = Json::parse(text);
    const std::string whole = value.dump(-1, ' ', /*ensure_ascii=*/true);
    EXPECT_EQ(ShortJson(value), whole.size() > 60 ? whole.substr(0, 60) + "..." : whole);
  }
}

// Formatting the whole value for 60 bytes of it would take seconds.
TEST(ShortJsonTest, TakesTimeOnlyForWhatItShows) {
  Json values = Json::array();
  for (int i = 0; i < 1'000'000; ++i) values.push_back(i + 0.5);
  const Json nested = Json::array({Json::array({values})});
  const absl::Time start = absl::Now();
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(ShortJson(nested).size(), 63U);
  EXPECT_EQ(ShortJson(std::string(10'000'000, 'a')).size(), 63U);
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(2)));
}

TEST_F(JsonFileTest, InvalidJsonIsReportedWithLineAndColumn) {
  const auto message = [&](const std::string& text) {
    return std::string(ReadJsonFile(Write("config.json", text), 1 << 20).status().message());
  };
  EXPECT_THAT(message("{\n  \"a\": 1,\n  \"b\": tru\n}"), HasSubstr("line 3, column 11"));
  EXPECT_THAT(message("nothing"), HasSubstr("line 1, column 2"));
  EXPECT_THAT(message("{\"a\": 1"), HasSubstr("where the text ends early"));
  EXPECT_THAT(message("{\"a\": \"\xff\"}"), HasSubstr("line 1, column 8"));
  EXPECT_THAT(message("{\"a\": 1e999}"), HasSubstr("exceeds the range of a double"));
  const absl::Status header = ParseJsonObject("{]").status();
  EXPECT_EQ(header.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(header.message()), HasSubstr("line 1, column 2"));
}

}  // namespace
}  // namespace assay::engine
