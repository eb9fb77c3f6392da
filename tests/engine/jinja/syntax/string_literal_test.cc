// Escapes in string literals.
#include "engine/jinja/syntax/string_literal.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

TEST(StringLiteralTest, ResolvesPythonsEscapes) {
  EXPECT_EQ(*UnescapeString(R"(a\n\t\\\'\")"), "a\n\t\\'\"");
  EXPECT_EQ(*UnescapeString(R"(\x41\u00e9\U0001F44D\101)"), "A\u00e9\U0001F44DA");
  EXPECT_EQ(*UnescapeString("a\\\nb"), "ab");
}

TEST(StringLiteralTest, KeepsUnknownEscapes) { EXPECT_EQ(*UnescapeString(R"(\d\ )"), R"(\d\ )"); }

TEST(StringLiteralTest, RefusesEscapesThatEncodeNoCharacter) {
  for (const char* body : {R"(\x4)", R"(\u12g4)", R"(\ud800)", R"(\U00110000)"}) {
    EXPECT_EQ(UnescapeString(body).status().code(), absl::StatusCode::kInvalidArgument) << body;
  }
  EXPECT_EQ(UnescapeString(R"(\N{DASH})").status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace assay::jinja
