// Tests the powermetrics meter against a script.
#include "server/energy/powermetrics_meter.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/server/energy/fake_powermetrics.h"

namespace assay::server {
namespace {

constexpr char kStart[] =
    "*** Sampled system activity (Sat Jan 15 12:34:56 2022 +0100) (203.06ms elapsed) ***";

// Two reports of 2 W over half a second each, followed by silence.
constexpr char kTwoReports[] = R"(
for i in 1 2; do
  echo '*** Sampled system activity (Sat Jan 15 12:34:56 2022 +0100) (500.00ms elapsed) ***'
  echo 'CPU Power: 1500 mW'
  echo 'Combined Power (CPU + GPU + ANE): 2000 mW'
done
exec sleep 60
)";

TEST(PowermetricsParserTest, MultipliesPowerByElapsedTime) {
  PowermetricsParser reader;
  EXPECT_EQ(reader.ParseLine(kStart), std::nullopt);
  EXPECT_EQ(reader.ParseLine("CPU Power: 1500 mW"), std::nullopt);
  const auto joules = reader.ParseLine("Combined Power (CPU + GPU + ANE): 2000 mW");
  EXPECT_NEAR(joules.value_or(0), 2 * 0.20306, 1e-12);
  EXPECT_DOUBLE_EQ(reader.watts(), 2);
  // This line belongs to no report.
  EXPECT_EQ(reader.ParseLine("Combined Power (CPU + GPU + ANE): 2000 mW"), std::nullopt);
}

TEST(PowermetricsParserTest, IgnoresImplausibleValues) {
  for (const char* start :
       {"*** Sampled system activity", "*** Sampled system activity (xms elapsed) ***",
        "*** Sampled system activity (-5ms elapsed) ***",
        "*** Sampled system activity (nanms elapsed) ***",
        "*** Sampled system activity (1e300ms elapsed) ***"}) {
    PowermetricsParser reader;
    EXPECT_EQ(reader.ParseLine(start), std::nullopt);
    EXPECT_EQ(reader.ParseLine("Combined Power (CPU + GPU + ANE): 2000 mW"), std::nullopt) << start;
  }
  for (const char* power : {"Combined Power", "Combined Power: mW", "Combined Power: -1 mW",
                            "Combined Power: inf mW", "Combined Power: 1 W", ""}) {
    PowermetricsParser reader;
    reader.ParseLine(kStart);
    EXPECT_EQ(reader.ParseLine(power), std::nullopt) << power;
  }
}

TEST(PowermetricsMeterTest, AddsReportsAndExtrapolatesBriefly) {
  const FakePowermetrics program("sum", kTwoReports);
  const auto meter = MakePowermetricsMeter(program.path());
  ASSERT_NE(meter, nullptr);
  EXPECT_EQ(meter->source(), "powermetrics");
  absl::SleepFor(absl::Milliseconds(700));
  // 2 J are reported, then 2 W are assumed for at most 400 ms.
  EXPECT_DOUBLE_EQ(meter->Joules(), 2.8);
  EXPECT_DOUBLE_EQ(meter->Joules(), 2.8);
}

TEST(PowermetricsMeterTest, KillsTheChildWithTheMeter) {
  const FakePowermetrics program("pid", absl::StrCat("echo $$ > \"$0.pid\"\n", kTwoReports));
  MakePowermetricsMeter(program.path()).reset();
  pid_t pid = 0;
  std::ifstream(program.path() + ".pid") >> pid;
  std::filesystem::remove(program.path() + ".pid");
  ASSERT_GT(pid, 0);
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(PowermetricsMeterTest, ReturnsNullWithoutAReport) {
  EXPECT_EQ(MakePowermetricsMeter("/nonexistent/powermetrics"), nullptr);
  const FakePowermetrics refused(
      "refused", "echo 'powermetrics must be invoked as the superuser' >&2\nexit 1\n");
  const absl::Time start = absl::Now();
  EXPECT_EQ(MakePowermetricsMeter(refused.path()), nullptr);
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

}  // namespace
}  // namespace assay::server
