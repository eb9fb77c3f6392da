// A route whose model is down or full goes on to its alternatives, before the first text.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "server/serving/generation.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;
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
  void OnRouted(const registry::RouteDecision& route) override {
    routed.push_back(route.model);
    EXPECT_EQ(texts, 0);
  }
  bool OnText(const engine::TextEvent&) override { return ++texts > 0; }
  bool Cancelled() override { return cancelled; }

  std::vector<std::string> routed;
  int texts = 0;
  bool cancelled = false;
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

  static GenerateRequest Request(int tokens = 3) {
    GenerateRequest request;
    request.set_content_type("blog");
    request.set_prompt("Hello");
    request.set_max_new_tokens(tokens);
    return request;
  }

  absl::Status Generate(const GenerateRequest& request,
                        absl::Time deadline = absl::InfiniteFuture()) {
    return service_.Generate(request, deadline, &observer_, &response_);
  }

  CountingLoader loader_;
  registry::Manager manager_;
  Routing routing_;
  std::atomic<bool> keep_records_ = true;
  std::vector<RequestRecord> records_;
  ModelBreakers breakers_{BreakerConfig{}};
  GenerationService service_;
  RouteCounter observer_;
  GenerateResponse response_;
};

TEST_F(FallbackTest, TheNextModelAnswersAndTheReplySaysWhy) {
  Route({"broken", "broken2", "good", "spare"});
  ASSERT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(response_.model(), "good");
  EXPECT_EQ(response_.text(), "t0 t1 t2 ");
  EXPECT_EQ(response_.route().rule(), "fallback");
  EXPECT_THAT(response_.route().tried(), ElementsAre("broken", "broken2"));
  EXPECT_THAT(response_.route().reason(),
              HasSubstr("'broken' failed with DATA_LOSS (truncated); 'broken2' failed with"));
  EXPECT_THAT(response_.route().reason(), HasSubstr("so 'good' answers"));
  EXPECT_THAT(observer_.routed, ElementsAre("good"));
  EXPECT_EQ(records_.back().model, "good");
  EXPECT_EQ(records_.back().rule, "fallback");
  EXPECT_EQ(records_.back().content_type, "blog");
}

TEST_F(FallbackTest, AFixedRouteKeepsItsRuleUntilItsModelFails) {
  ASSERT_TRUE(
      routing_.Set({{.content_type = "blog", .models = {"good"}, .fallback = {"spare"}}}).ok());
  ASSERT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(response_.route().rule(), "fixed");
  EXPECT_EQ(response_.route().tried_size(), 0);
  ASSERT_TRUE(
      routing_.Set({{.content_type = "blog", .models = {"broken"}, .fallback = {"spare"}}}).ok());
  observer_ = RouteCounter();
  ASSERT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(response_.model(), "spare");
}

TEST_F(FallbackTest, WhenAllFailTheMessageHasAllOfThem) {
  Route({"broken", "broken2"});
  const absl::Status status = Generate(Request());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'broken' failed"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'broken2' failed"));
  EXPECT_TRUE(observer_.routed.empty());
}

// Gated, misconfigured, out of memory, a device that is not there, ...
TEST_F(FallbackTest, AModelThatCannotBeLoadedGivesWayWhateverTheError) {
  Route({"broken", "good"});
  for (int code = 1; code <= 16; ++code) {
    loader_.breaks_with = static_cast<absl::StatusCode>(code);
    if (loader_.breaks_with == absl::StatusCode::kCancelled) continue;
    SCOPED_TRACE(code);
    breakers_.ResetAll();
    observer_ = RouteCounter();
    const absl::Status status = Generate(Request());
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(response_.model(), "good");
  }
}

TEST_F(FallbackTest, ARequestThatIsWrongIsWrongForAll) {
  Route({"good", "spare"});
  GenerateRequest request = Request();
  request.set_prompt(kTooLong);
  EXPECT_EQ(Generate(request).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(loader_.loads, 1);
}

TEST_F(FallbackTest, ANamedModelIsNeverReplaced) {
  Route({"broken", "good"});
  GenerateRequest request = Request();
  request.set_model("broken");
  EXPECT_EQ(Generate(request).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(loader_.loads, 0);
}

TEST_F(FallbackTest, AFullModelGivesWay) {
  Route({"good", "spare"});
  keep_records_ = false;
  std::atomic<int> spared = 0;
  constexpr int kCallers = 4;
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      GenerateResponse response;
      const absl::Status status =
          service_.Generate(Request(200), absl::InfiniteFuture(), nullptr, &response);
      EXPECT_TRUE(status.ok()) << status;
      if (response.model() != "spare") return;
      ++spared;
      EXPECT_THAT(response.route().reason(), HasSubstr("RESOURCE_EXHAUSTED"));
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(spared, 1);
}

TEST_F(FallbackTest, ADeadlineAfterTheFirstTextIsNotAFallback) {
  Route({"good", "spare"});
  ASSERT_TRUE(Generate(Request()).ok());
  const int loads = loader_.loads;
  observer_ = RouteCounter();
  EXPECT_EQ(Generate(Request(4000), absl::Now() + absl::Milliseconds(200)).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_GT(observer_.texts, 0);
  EXPECT_THAT(observer_.routed, ElementsAre("good"));
  EXPECT_EQ(loader_.loads, loads);
}

TEST_F(FallbackTest, ACallerThatIsGoneOrLateTriesNoMore) {
  Route({"broken", "good"});
  observer_.cancelled = true;
  EXPECT_FALSE(Generate(Request()).ok());
  observer_.cancelled = false;
  EXPECT_FALSE(Generate(Request(), absl::Now() - absl::Seconds(1)).ok());
  EXPECT_EQ(loader_.loads, 0);
}

TEST_F(FallbackTest, AKeyThatIsTooLongIsNamed) {
  Route({"good"});
  GenerateRequest request = Request();
  request.set_routing_key(std::string(257, 'k'));
  const absl::Status status = Generate(request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("routing_key: has 257 bytes"));
}

}  // namespace
}  // namespace assay::server
