// The time as Python's datetime formats it.
#include "engine/jinja/builtins/local_time.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

const absl::Time kTime =
    absl::FromCivil(absl::CivilSecond(2024, 7, 6, 5, 4, 3), absl::LocalTimeZone()) +
    absl::Microseconds(42);

TEST(LocalTimeTest, FormatsLocalTime) {
  EXPECT_EQ(*FormatLocalTime(kTime, "%Y-%m-%d %H:%M:%S"), "2024-07-06 05:04:03");
  EXPECT_EQ(*FormatLocalTime(kTime, "%d %b %Y, %A %j"), "06 Jul 2024, Saturday 188");
  EXPECT_EQ(*FormatLocalTime(kTime, "é%%"), "é%");
  EXPECT_EQ(*FormatLocalTime(kTime, ""), "");
}

TEST(LocalTimeTest, HasMicrosecondsAndNoTimeZone) {
  EXPECT_EQ(*FormatLocalTime(kTime, "%f"), "000042");
  EXPECT_EQ(*FormatLocalTime(kTime, "[%Z][%z]"), "[][]");
  EXPECT_EQ(*FormatLocalTime(kTime, "%%Z"), "%Z");
}

TEST(LocalTimeTest, LongFormatsAreRefused) {
  EXPECT_EQ(FormatLocalTime(kTime, std::string(257, 'x')).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FormatLocalTime(kTime, "%999999d").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::jinja
