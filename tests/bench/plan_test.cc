// Tests parsing the plans of the benchmark players.
#include "bench/player/plan.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::bench {
namespace {

using ::testing::HasSubstr;

TEST(PlanTest, ParsesEveryField) {
  const auto plan = ReadPlan(
      R"([{"request": {"model": "m", "prompt": "p", "sampling": {"seed": "7"}}},
          {"request": {"chat": {"messages": [{"role": "user", "content": "c"}]}, "max_new_tokens": 3},
           "at": 1.5, "unary": true, "cancel_after": 0.25, "deadline": 2}])");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->size(), 2U);
  EXPECT_EQ((*plan)[0].request.sampling().seed(), 7U);
  EXPECT_EQ((*plan)[0].at, absl::ZeroDuration());
  EXPECT_EQ((*plan)[0].deadline, absl::InfiniteDuration());
  EXPECT_FALSE((*plan)[0].unary);
  EXPECT_EQ((*plan)[1].request.max_new_tokens(), 3);
  EXPECT_EQ((*plan)[1].at, absl::Seconds(1.5));
  EXPECT_EQ((*plan)[1].cancel_after, absl::Milliseconds(250));
  EXPECT_EQ((*plan)[1].deadline, absl::Seconds(2));
  EXPECT_TRUE((*plan)[1].unary);
}

TEST(PlanTest, RejectsInvalidPlansAndNamesTheEntry) {
  const struct {
    std::string json;
    std::string named;
  } kCases[] = {{"{}", "not a JSON list"},
                {"[", "not a JSON list"},
                {R"([{"request": {}}, 5])", "plan[1]"},
                {R"([{"at": 1}])", "plan[0]"},
                {R"([{"request": {"no_such_field": 1}}])", "plan[0].request"},
                {R"([{"request": {}, "at": -1}])", "plan[0].at"},
                {R"([{"request": {}, "deadline": "soon"}])", "plan[0].deadline"},
                {R"([{"request": {}, "unary": 1}])", "plan[0].unary"}};
  for (const auto& [json, named] : kCases) {
    const auto plan = ReadPlan(json);
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(plan.status().message()), HasSubstr(named));
  }
}

}  // namespace
}  // namespace assay::bench
