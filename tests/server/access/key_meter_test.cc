// What the callers with one key may use: rates, concurrent calls, tokens of a day.
#include "server/access/key_meter.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kStart = absl::Seconds(1000);

absl::Time At(absl::Duration since) {
  return absl::FromCivil(absl::CivilDay(2026, 11, 30), absl::UTCTimeZone()) + since;
}

// Begins a call and ends it, and says whether it was let in.
bool Pass(KeyMeter& meter, absl::Duration steady, absl::Time now = At({})) {
  const Refusal refusal = meter.Begin(steady, now);
  if (refusal.status.ok()) meter.End();
  return refusal.status.ok();
}

TEST(KeyMeterTest, WithoutLimitsEveryCallIsLetIn) {
  KeyMeter meter("web", {}, {});
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(meter.Begin(kStart, At({})).status.ok());
}

TEST(KeyMeterTest, RateRefillsContinuously) {
  KeyMeter meter("web", {.requests_per_minute = 6}, {});
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(Pass(meter, kStart));
  const Refusal refusal = meter.Begin(kStart, At({}));
  EXPECT_TRUE(absl::IsResourceExhausted(refusal.status));
  EXPECT_THAT(std::string(refusal.status.message()), HasSubstr("key web"));
  EXPECT_EQ(refusal.retry_after, absl::Seconds(10));
  EXPECT_FALSE(Pass(meter, kStart + absl::Seconds(9)));
  EXPECT_TRUE(Pass(meter, kStart + absl::Seconds(10.1)));
  EXPECT_FALSE(Pass(meter, kStart + absl::Seconds(10.2)));
  // A long silence fills the bucket, and no more than that.
  int passed = 0;
  for (int i = 0; i < 20; ++i) passed += Pass(meter, kStart + absl::Hours(5)) ? 1 : 0;
  EXPECT_EQ(passed, 6);
}

TEST(KeyMeterTest, RefusedCallsCostNothing) {
  KeyMeter meter("web", {.requests_per_minute = 2, .max_concurrent = 1}, {});
  ASSERT_TRUE(meter.Begin(kStart, At({})).status.ok());
  for (int i = 0; i < 5; ++i) {
    const absl::Status status = meter.Begin(kStart, At({})).status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("max_concurrent"));
  }
  meter.End();
  EXPECT_TRUE(Pass(meter, kStart));
}

TEST(KeyMeterTest, QuotaOfTokensIsOfOneDayInUtc) {
  KeyMeter meter("web", {.tokens_per_day = 100}, {});
  EXPECT_TRUE(Pass(meter, kStart, At(absl::Hours(23))));
  meter.AddTokens(150, At(absl::Hours(23)));
  EXPECT_EQ(meter.TokensToday(At(absl::Hours(23))), 150);
  const Refusal refusal = meter.Begin(kStart, At(absl::Hours(23)));
  EXPECT_THAT(std::string(refusal.status.message()), HasSubstr("150 of its 100 tokens_per_day"));
  EXPECT_EQ(refusal.retry_after, absl::Hours(1));
  EXPECT_TRUE(Pass(meter, kStart, At(absl::Hours(24))));
  EXPECT_EQ(meter.TokensToday(At(absl::Hours(24))), 0);
}

TEST(KeyMeterTest, ClockThatIsSetBackGivesNoNewQuota) {
  KeyMeter meter("web", {.tokens_per_day = 100}, {});
  meter.AddTokens(100, At(absl::Hours(1)));
  EXPECT_FALSE(Pass(meter, kStart, At(absl::Hours(-1))));
}

TEST(KeyMeterTest, ClockThatWasYearsAheadDoesNotWithholdTheQuota) {
  KeyMeter meter("web", {.tokens_per_day = 100}, {});
  meter.AddTokens(100, At(absl::Hours(24 * 5000)));
  EXPECT_TRUE(Pass(meter, kStart, At({})));
}

TEST(KeyMeterTest, FewDenialsOfAMinuteAreAudited) {
  KeyMeter meter("web", {}, {});
  int audited = 0;
  for (int i = 0; i < 1000; ++i) audited += meter.CountDenial(kStart) ? 1 : 0;
  EXPECT_EQ(audited, 30);
  EXPECT_TRUE(meter.CountDenial(kStart + absl::Minutes(1)));
}

TEST(KeyMeterTest, CountOfAnEarlierProcessGoesOn) {
  KeyMeter first("web", {.tokens_per_day = 100}, {});
  first.AddTokens(100, At({}));
  KeyMeter second("web", {.tokens_per_day = 100}, first.spent());
  EXPECT_FALSE(Pass(second, kStart, At(absl::Hours(1))));
  EXPECT_TRUE(Pass(second, kStart, At(absl::Hours(25))));
}

}  // namespace
}  // namespace assay::server
