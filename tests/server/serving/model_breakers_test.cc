// The breakers of all models under requests.
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
#include "base/mutex_lock.h"
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

// Fails with `error` to load models whose id begins with "broken", until `error` is OK.
class RepairableLoader final : public registry::ModelLoader {
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
    registry::ModelEntry repaired = entry;
    repaired.id = "repaired";
    return loader_.Load(repaired, file, progress, context);
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
        routing_(&manager_, nullptr,
                 {.down = [this](std::string_view model) { return breakers_.Refuses(model); }}),
        service_(&manager_, &routing_, &breakers_, limits_, {}, [](const RequestRecord&) {}) {}

  static GenerateCall Call(const std::string& model = "broken") {
    return {.model = model, .prompt = "Hello", .max_new_tokens = 3};
  }
  absl::Status Generate(const GenerateCall& call, const CallContext& context = CallContext()) {
    absl::StatusOr<GenerateResult> result = service_.Generate(call, context);
    if (result.ok()) result_ = *result;
    return result.status();
  }
  void Open() {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(Generate(Call()).code(), loader_.error.code());
    ASSERT_EQ(breakers_.Get("broken").state, BreakerState::kOpen);
  }

  Breaker::Time now_ = Seconds(50);
  std::vector<std::string> changes_;
  LimitsConfig limits_;
  RepairableLoader loader_;
  ModelBreakers breakers_;
  registry::Manager manager_;
  Routing routing_;
  GenerationService service_;
  GenerateResult result_;
};

TEST_F(ModelBreakersTest, BrokenFileIsNotReadForEveryRequest) {
  Open();
  const absl::Status refused = Generate(Call());
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("model 'broken' failed 3 times in a row, the last time with DATA_LOSS "
                        "(truncated at byte 7); it is tried again in 10.0 s"));
  EXPECT_DOUBLE_EQ(RetrySeconds(refused), 10);
  now_ += absl::Milliseconds(7500);
  EXPECT_DOUBLE_EQ(RetrySeconds(Generate(Call())), 2.5);
  EXPECT_EQ(loader_.attempts, 3);
  EXPECT_TRUE(Generate(Call("good")).ok());
  EXPECT_THAT(changes_, ElementsAre("broken open"));
}

TEST_F(ModelBreakersTest, TrialClosesTheBreakerOfARepairedModel) {
  Open();
  now_ += Seconds(10);
  EXPECT_TRUE(absl::IsDataLoss(Generate(Call())));
  EXPECT_EQ(loader_.attempts, 4);
  EXPECT_DOUBLE_EQ(RetrySeconds(Generate(Call())), 20);
  loader_.error = absl::OkStatus();
  now_ += Seconds(20);
  EXPECT_TRUE(Generate(Call()).ok());
  EXPECT_TRUE(Generate(Call()).ok());
  EXPECT_EQ(loader_.attempts, 4);
  EXPECT_THAT(changes_, ElementsAre("broken open", "broken half_open", "broken open",
                                    "broken half_open", "broken closed"));
}

TEST_F(ModelBreakersTest, ResetAdmitsRequestsAtOnce) {
  Open();
  loader_.error = absl::OkStatus();
  breakers_.ResetAll();
  EXPECT_TRUE(Generate(Call()).ok());
  EXPECT_THAT(changes_, ElementsAre("broken open", "broken closed"));
}

TEST_F(ModelBreakersTest, OnlyFaultsOfTheModelCount) {
  loader_.error = absl::ResourceExhaustedError("memory");
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(Generate(Call()).ok());
  loader_.error = absl::NotFoundError("no file");
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(Generate(Call()).ok());
  GenerateCall wrong = Call("good");
  wrong.max_new_tokens = -1;
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(absl::IsInvalidArgument(Generate(wrong)));
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(breakers_.Get("broken").failures, 0);
  loader_.error = absl::UnimplementedError("an architecture that it does not know");
  Open();
}

TEST_F(ModelBreakersTest, CancellationAndDeadlineOfTheCallerDoNotCount) {
  const CallContext cancelled([] { return true; });
  const auto late = CallContext::WithTimeout(-Seconds(1));
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(absl::IsCancelled(Generate(Call("good"), cancelled)));
    EXPECT_TRUE(absl::IsDeadlineExceeded(Generate(Call("good"), late)));
  }
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(breakers_.Get("good").failures, 0);
}

TEST_F(ModelBreakersTest, TextThatExceedsTheTimeLimitDoesNotCount) {
  limits_.inference_timeout = absl::Milliseconds(60);
  GenerationService service(&manager_, &routing_, &breakers_, limits_, {},
                            [](const RequestRecord&) {});
  GenerateCall lengthy = Call("good");
  lengthy.max_new_tokens = 4000;
  ASSERT_TRUE(Generate(Call("good")).ok());
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(service.Generate(lengthy, CallContext()).status()));
  }
  EXPECT_EQ(breakers_.Get("good").failures, 0);
}

TEST_F(ModelBreakersTest, OneTrialRunsAndItsFirstTextAdmitsOthers) {
  Open();
  loader_.error = absl::OkStatus();
  now_ += Seconds(10);
  class BlockingObserver final : public GenerationObserver {
   public:
    void OnStarted(const registry::RouteDecision& /*route*/,
                   const registry::Handle& /*model*/) override {
      started.Notify();
      proceed.WaitForNotification();
    }
    bool OnText(const TextDelta& /*delta*/) override {
      if (!has_text.HasBeenNotified()) has_text.Notify();
      return true;
    }
    absl::Notification started;
    absl::Notification proceed;
    absl::Notification has_text;
  };
  BlockingObserver observer;
  std::thread trial([&] {
    GenerateCall lengthy = Call();
    lengthy.max_new_tokens = 500;
    EXPECT_TRUE(service_.Generate(lengthy, CallContext(), &observer).ok());
  });
  observer.started.WaitForNotification();
  const absl::Status refused = Generate(Call());
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("tried again just now, by one request"));
  observer.proceed.Notify();
  observer.has_text.WaitForNotification();
  EXPECT_EQ(breakers_.Get("broken").state, BreakerState::kClosed);
  trial.join();
}

TEST_F(ModelBreakersTest, RoutesAvoidAModelWithAnOpenBreaker) {
  Open();
  GenerateCall call = Call();
  call.model.clear();
  call.content_type = "blog";
  ASSERT_TRUE(routing_
                  .Set({{.content_type = "blog",
                         .rule = registry::RouteRule::kFallback,
                         .models = {"broken", "good"}}})
                  .ok());
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(result_.model, "good");
  EXPECT_THAT(result_.route.tried, ElementsAre("broken"));
  EXPECT_THAT(result_.route.reason, HasSubstr("'broken' failed with UNAVAILABLE (model"));
  ASSERT_TRUE(routing_
                  .Set({{.content_type = "blog",
                         .rule = registry::RouteRule::kWeighted,
                         .models = {"broken", "spare"},
                         .weights = {1000, 1}}})
                  .ok());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Generate(call).ok());
    EXPECT_EQ(result_.model, "spare");
  }
  ASSERT_TRUE(routing_
                  .Set({{.content_type = "blog",
                         .rule = registry::RouteRule::kFallback,
                         .models = {"broken"}}})
                  .ok());
  const absl::Status alone = Generate(call);
  EXPECT_TRUE(absl::IsUnavailable(alone));
  EXPECT_DOUBLE_EQ(RetrySeconds(alone), 10);
  // After the cool-down the router no longer counts the model as down.
  now_ += Seconds(10);
  EXPECT_FALSE(breakers_.Refuses("broken"));
  EXPECT_EQ(loader_.attempts, 3);
}

TEST_F(ModelBreakersTest, RetryDelayIsThatOfTheOpenModelIfAllFail) {
  Open();
  GenerateCall call = Call();
  call.model.clear();
  call.content_type = "blog";
  ASSERT_TRUE(
      routing_.Set({{.content_type = "blog", .models = {"broken2"}, .fallback = {"broken"}}}).ok());
  const absl::Status status = Generate(call);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_DOUBLE_EQ(RetrySeconds(status), 10);
}

TEST(ModelBreakersThreadsTest, ConcurrentFailuresOpenOnceAndOneTrialRuns) {
  std::atomic<int> opened = 0;
  std::atomic<int64_t> seconds = 0;
  ModelBreakers breakers(
      {.failures = 5, .cool_down = Seconds(10)},
      [&](const std::string&, const BreakerStatus& now) {
        if (now.state == BreakerState::kOpen) ++opened;
      },
      [&] { return Seconds(seconds.load()); }, [] { return 0.0; });
  const auto together = [](auto each) {
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
    const MutexLock lock(mutex);
    permits.push_back(*std::move(permit));
  });
  EXPECT_EQ(trials, 1);
  EXPECT_EQ(breakers.Get("m").state, BreakerState::kHalfOpen);
  permits.clear();
  EXPECT_TRUE(breakers.Admit("m").ok()) << "a dropped permit admits the next trial";
}

}  // namespace
}  // namespace assay::server
