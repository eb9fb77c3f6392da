// A route falls back to its alternatives if its model is down or full before the first text.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "server/serving/generation.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

registry::Catalog FourModels() {
  registry::Catalog catalog;
  for (const char* id : {"good", "spare", "broken", "broken2"}) {
    catalog.models.push_back({.id = id, .path = "/proc/self/exe"});
  }
  return catalog;
}

class RouteCounter final : public GenerationObserver {
 public:
  void OnStarted(const registry::RouteDecision& route, const registry::Handle& /*model*/) override {
    started.push_back(route.model);
    EXPECT_EQ(texts, 0);
  }
  bool OnText(const TextDelta& /*delta*/) override { return ++texts > 0; }

  std::vector<std::string> started;
  int texts = 0;
};

class FallbackTest : public testing::Test {
 protected:
  FallbackTest()
      : manager_(FourModels(), &loader_, {}, nullptr),
        routing_(&manager_, nullptr),
        service_(&manager_, &routing_, &breakers_, LimitsConfig{}, {},
                 [this](const RequestRecord& record) {
                   if (keep_records_) records_.push_back(record);
                 }) {}

  void Route(const std::vector<std::string>& models) {
    const registry::RoutePolicy policy{
        .content_type = "blog", .rule = registry::RouteRule::kFallback, .models = models};
    ASSERT_TRUE(routing_.Set({policy}).ok());
  }

  static GenerateCall Call(int tokens = 3) {
    return {.content_type = "blog", .prompt = "Hello", .max_new_tokens = tokens};
  }

  absl::Status Generate(const GenerateCall& call, const CallContext& context = CallContext()) {
    absl::StatusOr<GenerateResult> result = service_.Generate(call, context, &observer_);
    if (result.ok()) result_ = *result;
    return result.status();
  }

  CountingLoader loader_;
  registry::Manager manager_;
  Routing routing_;
  std::atomic<bool> keep_records_ = true;
  std::vector<RequestRecord> records_;
  ModelBreakers breakers_{BreakerConfig{}};
  GenerationService service_;
  RouteCounter observer_;
  GenerateResult result_;
};

TEST_F(FallbackTest, NextModelAnswersAndTheRouteSaysWhy) {
  Route({"broken", "broken2", "good", "spare"});
  ASSERT_TRUE(Generate(Call()).ok());
  EXPECT_EQ(result_.model, "good");
  EXPECT_EQ(result_.text, "t0 t1 t2 ");
  EXPECT_EQ(result_.route.rule, "fallback");
  EXPECT_THAT(result_.route.tried, ElementsAre("broken", "broken2"));
  EXPECT_THAT(result_.route.reason,
              HasSubstr("'broken' failed with DATA_LOSS (truncated); 'broken2' failed with"));
  EXPECT_THAT(result_.route.reason, HasSubstr("so 'good' answers"));
  EXPECT_THAT(observer_.started, ElementsAre("good"));
  EXPECT_EQ(records_.back().model, "good");
  EXPECT_EQ(records_.back().rule, "fallback");
  EXPECT_EQ(records_.back().content_type, "blog");
}

TEST_F(FallbackTest, FixedRouteKeepsItsRuleUntilItsModelFails) {
  ASSERT_TRUE(
      routing_.Set({{.content_type = "blog", .models = {"good"}, .fallback = {"spare"}}}).ok());
  ASSERT_TRUE(Generate(Call()).ok());
  EXPECT_EQ(result_.route.rule, "fixed");
  EXPECT_TRUE(result_.route.tried.empty());
  ASSERT_TRUE(
      routing_.Set({{.content_type = "blog", .models = {"broken"}, .fallback = {"spare"}}}).ok());
  observer_ = RouteCounter();
  ASSERT_TRUE(Generate(Call()).ok());
  EXPECT_EQ(result_.model, "spare");
}

TEST_F(FallbackTest, MessageListsAllModelsIfAllFail) {
  Route({"broken", "broken2"});
  const absl::Status status = Generate(Call());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'broken' failed"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'broken2' failed"));
  EXPECT_TRUE(observer_.started.empty());
}

// Models can be gated or misconfigured, and memory or a device can be missing.
TEST_F(FallbackTest, EveryLoadErrorButCancelledFallsBack) {
  Route({"broken", "good"});
  for (int code = 1; code <= 16; ++code) {
    loader_.breaks_with = static_cast<absl::StatusCode>(code);
    if (loader_.breaks_with == absl::StatusCode::kCancelled) continue;
    SCOPED_TRACE(code);
    breakers_.ResetAll();
    observer_ = RouteCounter();
    const absl::Status status = Generate(Call());
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(result_.model, "good");
  }
}

TEST_F(FallbackTest, InvalidRequestDoesNotFallBack) {
  Route({"good", "spare"});
  GenerateCall call = Call();
  call.prompt = kTooLong;
  EXPECT_EQ(Generate(call).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(loader_.loads, 1);
}

TEST_F(FallbackTest, NamedModelIsNeverReplaced) {
  Route({"broken", "good"});
  GenerateCall call = Call();
  call.model = "broken";
  EXPECT_EQ(Generate(call).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(loader_.loads, 0);
}

TEST_F(FallbackTest, FullModelFallsBack) {
  Route({"good", "spare"});
  keep_records_ = false;
  std::atomic<int> spared = 0;
  constexpr int kCallers = 4;
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      const auto result = service_.Generate(Call(200), CallContext());
      ASSERT_TRUE(result.ok()) << result.status();
      if (result->model != "spare") return;
      ++spared;
      EXPECT_THAT(result->route.reason, HasSubstr("RESOURCE_EXHAUSTED"));
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(spared, 1);
}

TEST_F(FallbackTest, DeadlineAfterTheFirstTextDoesNotFallBack) {
  Route({"good", "spare"});
  ASSERT_TRUE(Generate(Call()).ok());
  const int loads = loader_.loads;
  observer_ = RouteCounter();
  const auto context = CallContext::WithTimeout(absl::Milliseconds(200));
  EXPECT_EQ(Generate(Call(4000), context).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GT(observer_.texts, 0);
  EXPECT_THAT(observer_.started, ElementsAre("good"));
  EXPECT_EQ(loader_.loads, loads);
}

TEST_F(FallbackTest, CancelledOrLateCallTriesNoModel) {
  Route({"broken", "good"});
  EXPECT_FALSE(Generate(Call(), CallContext([] { return true; })).ok());
  EXPECT_FALSE(Generate(Call(), CallContext::WithTimeout(-absl::Seconds(1))).ok());
  EXPECT_EQ(loader_.loads, 0);
}

TEST_F(FallbackTest, TooLongRoutingKeyIsNamedInTheError) {
  Route({"good"});
  GenerateCall call = Call();
  call.routing_key = std::string(257, 'k');
  const absl::Status status = Generate(call);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("routing_key: has 257 bytes"));
}

}  // namespace
}  // namespace assay::server
