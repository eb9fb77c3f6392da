// JSON in and out.
#include "engine/jinja/values/json.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

std::string RoundTrip(const std::string& json, const JsonStyle& style = {}) {
  Budget budget;
  return *WriteJson(*ReadJson(json, "x"), style, budget);
}

TEST(JsonTest, KeysKeepTheirOrder) {
  EXPECT_EQ(RoundTrip(R"({"b":[1,2.0,null],"a":true})"), R"({"b": [1, 2.0, null], "a": true})");
  EXPECT_EQ(RoundTrip(R"({"b":1,"a":2})", {.sort_keys = true}), R"({"a": 2, "b": 1})");
}

TEST(JsonTest, TheLastOfRepeatedKeysWins) {
  EXPECT_EQ(RoundTrip(R"({"a":1,"a":2})"), R"({"a": 2})");
}

TEST(JsonTest, IntegersOfAnySizeAreExact) {
  for (const char* number : {"9223372036854775807", "-9223372036854775808", "9223372036854775808",
                             "-9223372036854775809", "18446744073709551615", "18446744073709551616",
                             "-100000000000000000000000000000000000001"}) {
    EXPECT_EQ(RoundTrip(number), number);
  }
}

TEST(JsonTest, IndentsAndEscapes) {
  EXPECT_EQ(RoundTrip(R"({"a":["é"],"b":{}})", {.indent = "  ", .item_separator = ","}),
            "{\n  \"a\": [\n    \"é\"\n  ],\n  \"b\": {}\n}");
  EXPECT_EQ(RoundTrip("\"é👍\\u0001\\n\"", {.ensure_ascii = true}),
            R"("\u00e9\ud83d\udc4d\u0001\n")");
}

TEST(JsonTest, ErrorsNameTheInput) {
  const auto error = [](const std::string& json) {
    return std::string(ReadJson(json, "tools").status().message());
  };
  EXPECT_EQ(error("{"), "tools: is not JSON");
  EXPECT_THAT(error(std::string(200, '[') + std::string(200, ']')),
              HasSubstr("tools: nests deeper than 90"));
  EXPECT_THAT(error(std::string(400, '1')), HasSubstr("has a number beyond 1.8e308"));
}

TEST(JsonTest, UndefinedCannotBeWritten) {
  Budget budget;
  EXPECT_EQ(WriteJson(Value{}, {}, budget).status(),
            absl::InvalidArgumentError("tojson does not support undefined"));
}

}  // namespace
}  // namespace assay::jinja
