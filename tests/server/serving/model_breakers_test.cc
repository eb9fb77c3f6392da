// The breakers of all models, and what requests do to them.
#include "server/serving/model_breakers.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "server/rpc/grpc_status.h"
#include "server/serving/generation.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

using absl::Seconds;
using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;
using testing::ElementsAre;
using testing::HasSubstr;

double RetrySeconds(const absl::Status& status) {
  google::rpc::Status details;
  google::rpc::RetryInfo retry;
  if (!details.ParseFromString(ToGrpcStatus(status).error_details()) ||
      details.details_size() != 1 || !details.details(0).UnpackTo(&retry)) {
    return -1;
  }
  return static_cast<double>(retry.retry_delay().seconds()) + 1e-9 * retry.retry_delay().nanos();
}

registry::Catalog Models() {
  registry::Catalog catalog;
  for (const char* id : {"good", "spare", "broken", "broken2"}) {
    catalog.models.push_back({.id = id, .path = "/proc/self/exe"});
  }
  return catalog;
}

// Fails as it is told to, until it is mended.
class MendableLoader final : public registry::ModelLoader {
 public:
  absl::StatusOr<int64_t> Estimate(const registry::ModelEntry& entry,
                                   const std::string& file) override {
    return loader_.Estimate(entry, file);
  }
  absl::StatusOr<std::unique_ptr<registry::ResidentModel>> Load(
      const registry::ModelEntry& entry, const std::string& file,
      const registry::ProgressFn& progress, const CallContext& context) override {
    if (entry.id.starts_with("broken") && !error.ok()) {
      ++attempts;
      return error;
    }
    registry::ModelEntry mended = entry;
    mended.id = "mended";
    return loader_.Load(mended, file, progress, context);
  }

  absl::Status error = absl::DataLossError("truncated at byte 7");
  int attempts = 0;
  int loads() const { return loader_.loads; }

 private:
  CountingLoader loader_;
};

class ModelBreakersTest : public testing::Test {
 protected:
  ModelBreakersTest()
      : breakers_(
            {.failures = 3, .cool_down = Seconds(10), .longest_cool_down = Seconds(40)},
            [this](const std::string& model, const BreakerStatus& now) {
              changes_.push_back(
                  absl::StrCat(model, " ", std::string(BreakerStateName(now.state))));
            },
            [this] { return now_; }, [] { return 0.0; }),
        manager_(Models(), &loader_, {}, nullptr),
        routing_(&manager_, nullptr, false,
                 [this](std::string_view model) { return breakers_.Refuses(model); }),
        service_(&manager_, &routing_, &breakers_, limits_, {}, [](const RequestRecord&) {}) {}

  static GenerateRequest Request(const std::string& model = "broken") {
    GenerateRequest request;
    request.set_model(model);
    request.set_prompt("Hello");
    request.set_max_new_tokens(3);
    return request;
  }
  absl::Status Generate(const GenerateRequest& request,
                        absl::Time deadline = absl::InfiniteFuture(),
                        GenerationObserver* observer = nullptr) {
    return service_.Generate(request, deadline, observer, &response_);
  }
  void Open() {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(Generate(Request()).code(), loader_.error.code());
    ASSERT_EQ(breakers_.Get("broken").state, BreakerState::kOpen);
  }

  Breaker::Time now_ = Seconds(50);
  std::vector<std::string> changes_;
  LimitsConfig limits_;
  MendableLoader loader_;
  ModelBreakers breakers_;
  registry::Manager manager_;
  Routing routing_;
  GenerationService service_;
  GenerateResponse response_;
};

TEST_F(ModelBreakersTest, ABrokenFileIsNotReadForEveryRequest) {
  Open();
  const absl::Status refused = Generate(Request());
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("model 'broken' failed 3 times in a row, the last time with DATA_LOSS "
                        "(truncated at byte 7); it is tried again in 10.0 s"));
  EXPECT_DOUBLE_EQ(RetrySeconds(refused), 10);
  now_ += absl::Milliseconds(7500);
  EXPECT_DOUBLE_EQ(RetrySeconds(Generate(Request())), 2.5);
  EXPECT_EQ(loader_.attempts, 3);
  EXPECT_TRUE(Generate(Request("good")).ok());
  EXPECT_THAT(changes_, ElementsAre("broken open"));
}

TEST_F(ModelBreakersTest, AMendedModelIsFoundByTheTrial) {
  Open();
  now_ += Seconds(10);
  EXPECT_TRUE(absl::IsDataLoss(Generate(Request())));
  EXPECT_EQ(loader_.attempts, 4);
  EXPECT_DOUBLE_EQ(RetrySeconds(Generate(Request())), 20);
  loader_.error = absl::OkStatus();
  now_ += Seconds(20);
  EXPECT_TRUE(Generate(Request()).ok());
  EXPECT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(loader_.attempts, 4);
  EXPECT_THAT(changes_, ElementsAre("broken open", "broken half_open", "broken open",
                                    "broken half_open", "broken closed"));
}

TEST_F(ModelBreakersTest, AResetLetsRequestsThroughAtOnce) {
  Open();
  loader_.error = absl::OkStatus();
  breakers_.ResetAll();
  EXPECT_TRUE(Generate(Request()).ok());
  EXPECT_THAT(changes_, ElementsAre("broken open", "broken closed"));
}

TEST_F(ModelBreakersTest, OnlyFaultsOfTheModelCount) {
  loader_.error = absl::ResourceExhaustedError("memory");
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(Generate(Request()).ok());
  loader_.error = absl::NotFoundError("no file");
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(Generate(Request()).ok());
  GenerateRequest wrong = Request("good");
  wrong.set_max_new_tokens(-1);
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(absl::IsInvalidArgument(Generate(wrong)));
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(breakers_.Get("broken").failures, 0);
  loader_.error = absl::UnimplementedError("an architecture that it does not know");
  Open();
}

TEST_F(ModelBreakersTest, ACallersOwnDeadlineOrEndDoesNotCount) {
  class Gone final : public GenerationObserver {
   public:
    bool Cancelled() override { return true; }
  };
  Gone gone;
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(absl::IsCancelled(Generate(Request("good"), absl::InfiniteFuture(), &gone)));
    EXPECT_TRUE(absl::IsDeadlineExceeded(Generate(Request("good"), absl::Now() - Seconds(1))));
  }
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(breakers_.Get("good").failures, 0);
}

TEST_F(ModelBreakersTest, ATextThatIsTooLongForTheLimitDoesNotCount) {
  limits_.inference_timeout = absl::Milliseconds(60);
  GenerationService service(&manager_, &routing_, &breakers_, limits_, {},
                            [](const RequestRecord&) {});
  GenerateRequest lengthy = Request("good");
  lengthy.set_max_new_tokens(4000);
  ASSERT_TRUE(Generate(Request("good")).ok());
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        service.Generate(lengthy, absl::InfiniteFuture(), nullptr, &response_)));
  }
  EXPECT_EQ(breakers_.Get("good").failures, 0);
}

TEST_F(ModelBreakersTest, OneTrialAtATimeAndItsFirstTextLetsTheOthersIn) {
  Open();
  loader_.error = absl::OkStatus();
  now_ += Seconds(10);
  class Writing final : public GenerationObserver {
   public:
    void OnRouted(const registry::RouteDecision&) override {
      taken.Notify();
      go_on.WaitForNotification();
    }
    bool OnText(const engine::TextEvent&) override {
      if (!wrote.HasBeenNotified()) wrote.Notify();
      return true;
    }
    absl::Notification taken;
    absl::Notification go_on;
    absl::Notification wrote;
  };
  Writing observer;
  std::thread trial([&] {
    GenerateRequest lengthy = Request();
    lengthy.set_max_new_tokens(500);
    GenerateResponse response;
    EXPECT_TRUE(service_.Generate(lengthy, absl::InfiniteFuture(), &observer, &response).ok());
  });
  observer.taken.WaitForNotification();
  const absl::Status refused = Generate(Request());
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("tried again just now, by one request"));
  observer.go_on.Notify();
  observer.wrote.WaitForNotification();
  EXPECT_EQ(breakers_.Get("broken").state, BreakerState::kClosed);
  trial.join();
}

TEST_F(ModelBreakersTest, RoutesGoAroundAnOpenModel) {
  Open();
  GenerateRequest request = Request();
  request.clear_model();
  request.set_content_type("blog");
  ASSERT_TRUE(routing_
                  .Set({{.content_type = "blog",
                         .rule = registry::RouteRule::kFallback,
                         .models = {"broken", "good"}}})
                  .ok());
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.model(), "good");
  EXPECT_THAT(response_.route().tried(), ElementsAre("broken"));
  EXPECT_THAT(response_.route().reason(), HasSubstr("'broken' failed with UNAVAILABLE (model"));
  ASSERT_TRUE(routing_
                  .Set({{.content_type = "blog",
                         .rule = registry::RouteRule::kWeighted,
                         .models = {"broken", "spare"},
                         .weights = {1000, 1}}})
                  .ok());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Generate(request).ok());
    EXPECT_EQ(response_.model(), "spare");
  }
  ASSERT_TRUE(routing_
                  .Set({{.content_type = "blog",
                         .rule = registry::RouteRule::kFallback,
                         .models = {"broken"}}})
                  .ok());
  const absl::Status alone = Generate(request);
  EXPECT_TRUE(absl::IsUnavailable(alone));
  EXPECT_DOUBLE_EQ(RetrySeconds(alone), 10);
  // The cool-down is over: the router no longer counts it as down.
  now_ += Seconds(10);
  EXPECT_FALSE(breakers_.Refuses("broken"));
  EXPECT_EQ(loader_.attempts, 3);
}

TEST_F(ModelBreakersTest, WhenAllFailTheDelayIsThatOfTheOpenModel) {
  Open();
  GenerateRequest request = Request();
  request.clear_model();
  request.set_content_type("blog");
  ASSERT_TRUE(
      routing_.Set({{.content_type = "blog", .models = {"broken2"}, .fallback = {"broken"}}}).ok());
  const absl::Status status = Generate(request);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_DOUBLE_EQ(RetrySeconds(status), 10);
}

TEST(ModelBreakersThreadsTest, ManyAtOnceOpenItOnceAndOneTries) {
  std::atomic<int> opened = 0;
  std::atomic<int64_t> seconds = 0;
  ModelBreakers breakers(
      {.failures = 5, .cool_down = Seconds(10)},
      [&](const std::string&, const BreakerStatus& now) {
        if (now.state == BreakerState::kOpen) ++opened;
      },
      [&] { return Seconds(seconds.load()); }, [] { return 0.0; });
  const auto together = [&breakers](auto each) {
    std::vector<std::thread> threads;
    threads.reserve(16);
    for (int i = 0; i < 16; ++i) threads.emplace_back(each);
    for (std::thread& thread : threads) thread.join();
  };
  together([&] {
    for (int i = 0; i < 100; ++i) {
      auto permit = breakers.Admit("m");
      if (permit.ok()) permit->Fail(absl::InternalError("no"));
    }
  });
  EXPECT_EQ(opened, 1);
  seconds = 10;
  std::atomic<int> trials = 0;
  absl::Mutex mutex;
  std::vector<ModelBreakers::Permit> permits;
  together([&] {
    auto permit = breakers.Admit("m");
    if (!permit.ok()) return;
    ++trials;
    const absl::MutexLock lock(&mutex);
    permits.push_back(*std::move(permit));
  });
  EXPECT_EQ(trials, 1);
  EXPECT_EQ(breakers.Get("m").state, BreakerState::kHalfOpen);
  permits.clear();
  EXPECT_TRUE(breakers.Admit("m").ok()) << "a permit that is dropped makes room";
}

}  // namespace
}  // namespace assay::server
