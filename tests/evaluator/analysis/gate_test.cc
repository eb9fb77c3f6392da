// Tests of the gate parser.
#include "evaluator/analysis/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using testing::HasSubstr;

struct BadGate {
  std::string text;
  std::string message;
};

TEST(GateTest, ErrorsStatePositionAndCause) {
  const std::vector<BadGate> bad = {
      {"", "column 1: expected a metric, got the end"},
      {"   ", "column 4: expected a metric"},
      {">= 3", "column 1: expected a metric"},
      {"quality", "column 8: expected >=, <=, > or <, got the end"},
      {"quality = 3", "column 9: expected >=, <=, > or <, got '= 3'"},
      {"quality == 3", "column 9: expected >="},
      {"quality >= ", "column 12: expected a number without a unit"},
      {"quality >= 2s", "column 12: expected a number"},
      {"quality >= nan", "column 12: expected a number"},
      {"quality >= inf", "column 12: expected a number"},
      {"quality >= 0x10", "column 12: expected a number"},
      {"quality >= 1e999", "column 12: expected a number"},
      {"quality >= 3 OR cost <= 1", "column 14: expected AND or the end, got 'OR"},
      {"quality >= 3 AND", "column 17: expected a metric"},
      {"quality >= 3 quality >= 4", "column 14: expected AND"},
      {"speed >= 3", "'speed' is not a metric; expected one of quality"},
      {"latency >= 3", "'latency' is not a metric"},
      {"latency/p95 >= 3", "'latency/p95' is not a metric"},
      {"cost/linkedin >= 3", "'cost/linkedin' is not a metric"},
      {"quality/ >= 3", "'quality/' is not a metric"},
      {"accuracy >= 3", "'accuracy' is not a metric"},
      {":quality >= 3", "expected a candidate before ':'"},
      {std::string("quality") + '\0' + " >= 3", "is not a metric"},
      {"b - >= 3", "column 5: expected a candidate"},
      {"b:quality - a:cost >= 3", "column 13: expected the metric quality on both sides"},
      {"b:latency/p90 - a >= 3", "column 1: expected a metric that is a mean"},
      {"b:perplexity/t - a >= 3", "column 1: expected a metric that is a mean"},
      {":quality - a >= 3", "column 1: expected a candidate before ':'"},
      {"b - a >= 3 @95", "column 12: expected a confidence above 50 and at most 99.9"},
      {"b - a >= 3 @40%", "column 12: expected a confidence"},
      {"b - a >= 3 @100%", "column 12: expected a confidence"},
      {"b - a >= 3 @", "column 12: expected a confidence"},
      {"quality >= 3 @95%", "column 14: expected a confidence only after a difference"},
  };
  for (const BadGate& gate : bad) {
    const absl::Status status = Gate::Parse(gate.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << gate.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(gate.message)) << gate.text;
  }
}

TEST(GateTest, LimitsBytesAndClauses) {
  EXPECT_FALSE(Gate::Parse("quality >= 1" + std::string(5000, ' ')).ok());
  std::string many = "cost>=1";
  for (int i = 1; i < 64; ++i) many += " and cost>=1";
  EXPECT_TRUE(Gate::Parse(many).ok());
  EXPECT_FALSE(Gate::Parse(many + " and cost>=1").ok());
}

TEST(GateTest, DifferencesHaveACanonicalForm) {
  const auto tests = [](const std::string& text) { return Gate::Parse(text)->Tests(); };
  EXPECT_EQ(tests("quality >= 3"), "");
  EXPECT_EQ(tests("b - a >= -0.3"), "b:quality - a >= -0.3 @95%\n");
  EXPECT_EQ(tests("quality > 1 AND b:quality-x - `a`>=-0.3@90%"),
            "b:quality-x:quality - a >= -0.3 @90%\n");
  EXPECT_EQ(tests("b - a:quality/blog <= 1"), "b:quality/blog - a <= 1 @95%\n");
  const std::string past = "b - ev-20261130-101500-0a1b2c:m:q4 >= 0";
  EXPECT_EQ(tests(past), "b:quality - m:q4 >= 0 @95%\n");
  EXPECT_EQ(Gate::Parse(past)->PastEvaluations(),
            std::vector<std::string>{"ev-20261130-101500-0a1b2c"});
}

// Junk made of the grammar's own tokens covers more of the parser than random bytes.
TEST(GateTest, JunkIsRejectedOrParsedButNeverPasses) {
  const std::vector<std::string> pieces = {
      "quality", "latency/p90", " ", ">=",  "<",    "7.5", "AND",  "and",  ":",  "/",
      "`",       "=",           "-", " - ", "@95%", "1e9", "\xff", "\x7f", "\n", "m1:q4"};
  std::mt19937 random(7);
  int parsed = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    if (i % 100 == 0) text += '\0';
    for (unsigned n = random() % 9; n > 0; --n) text += pieces[random() % pieces.size()];
    const absl::StatusOr<Gate> gate = Gate::Parse(text);
    if (!gate.ok()) {
      ASSERT_EQ(gate.status().code(), absl::StatusCode::kInvalidArgument) << text;
      continue;
    }
    ++parsed;
    const absl::StatusOr<GateResult> result = gate->Check({}, SomePlan(), {}, {});
    ASSERT_FALSE(result.ok() && result->passed()) << text;
  }
  EXPECT_GT(parsed, 10);
}

}  // namespace
}  // namespace assay::evaluator
