// The walk of a request, with a model that writes what it is told.
#include "server/serving/generation.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "server/serving/generation_request.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;
using testing::HasSubstr;

TEST(RequestTest, AConversationWithToolsReachesTheEngineAsItIs) {
  GenerateRequest request;
  auto* message = request.mutable_chat()->add_messages();
  message->set_role("tool");
  message->set_content("21 degrees");
  message->set_fields_json(R"({"tool_call_id": "a1"})");
  request.set_tools_json(R"([{"type": "function"}])");
  request.set_template_variables_json(R"({"enable_thinking": false})");
  const auto engine = ToEngineRequest(request, LimitsConfig{});
  ASSERT_TRUE(engine.ok()) << engine.status();
  ASSERT_EQ(engine->prompt.chat.size(), 1U);
  EXPECT_EQ(engine->prompt.chat[0].role, "tool");
  EXPECT_EQ(engine->prompt.chat[0].content, "21 degrees");
  EXPECT_EQ(engine->prompt.chat[0].fields, R"({"tool_call_id": "a1"})");
  EXPECT_EQ(engine->prompt.tools, R"([{"type": "function"}])");
  EXPECT_EQ(engine->prompt.variables, R"({"enable_thinking": false})");
}

registry::Catalog TestCatalog() {
  registry::Catalog catalog;
  registry::ModelEntry good;
  good.id = "good";
  good.path = "/proc/self/exe";
  good.content_types = {"linkedin"};
  registry::ModelEntry broken = good;
  broken.id = "broken";
  broken.content_types = {};
  catalog.models = {good, broken};
  return catalog;
}

class GenerationTest : public testing::Test {
 protected:
  GenerationTest()
      : manager_(TestCatalog(), &loader_, {}, nullptr),
        routing_(&manager_, nullptr),
        service_(&manager_, &routing_, &breakers_, LimitsConfig{}, {},
                 [this](const RequestRecord& record) { records_.push_back(record); }) {}

  absl::Status Generate(const GenerateRequest& request, GenerationObserver* observer = nullptr,
                        absl::Time deadline = absl::InfiniteFuture()) {
    return service_.Generate(request, deadline, observer, &response_);
  }

  static GenerateRequest Request(int tokens = 3) {
    GenerateRequest request;
    request.set_model("good");
    request.set_prompt("Hello");
    request.set_max_new_tokens(tokens);
    return request;
  }

  CountingLoader loader_;
  registry::Manager manager_;
  Routing routing_;
  std::vector<RequestRecord> records_;
  ModelBreakers breakers_{BreakerConfig{}};
  GenerationService service_;
  GenerateResponse response_;
};

TEST_F(GenerationTest, FillsReplyAndRecord) {
  ASSERT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(response_.text(), "t0 t1 t2 ");
  EXPECT_EQ(response_.usage().completion_tokens(), 3);
  EXPECT_EQ(response_.model(), "good");
  EXPECT_EQ(response_.route().rule(), "requested");
  EXPECT_GT(response_.cost_usd(), 0);
  ASSERT_EQ(records_.size(), 1);
  EXPECT_EQ(records_[0].response->usage().completion_tokens(), 3);
  EXPECT_EQ(records_[0].token_gaps.size(), 2);
  EXPECT_GE(records_[0].routed, absl::ZeroDuration());
  EXPECT_GE(records_[0].taken, records_[0].routed);
  EXPECT_LE(records_[0].taken, records_[0].duration);
}

TEST_F(GenerationTest, ContentTypeChoosesTheModel) {
  GenerateRequest request = Request();
  request.clear_model();
  request.set_content_type("linkedin");
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.model(), "good");
  EXPECT_EQ(response_.route().rule(), "fixed");
  EXPECT_EQ(records_[0].content_type, "linkedin");
}

TEST_F(GenerationTest, UnknownNamesNeverReachTheRecord) {
  GenerateRequest request = Request();
  request.set_model("nonsense");
  request.set_content_type("nonsense");
  const absl::Status status = Generate(request);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nonsense"));
  EXPECT_EQ(records_[0].model, "");
  EXPECT_EQ(records_[0].content_type, "");
}

TEST_F(GenerationTest, BadFieldsAreNamed) {
  struct Case {
    std::function<void(GenerateRequest*)> spoil;
    std::string field;
    std::string value;
  };
  const std::vector<Case> cases = {
      {[](GenerateRequest* r) { r->clear_prompt(); }, "prompt", "empty"},
      {[](GenerateRequest* r) { r->mutable_sampling()->set_top_p(7); }, "top_p", "7"},
      {[](GenerateRequest* r) { r->mutable_sampling()->set_temperature(-1); }, "temperature", "-1"},
      {[](GenerateRequest* r) { r->mutable_sampling()->set_top_k(-2); }, "top_k", "-2"},
      {[](GenerateRequest* r) { r->set_max_new_tokens(-5); }, "max_new_tokens", "-5"},
      {[](GenerateRequest* r) { r->set_max_new_tokens(1 << 30); }, "max_new_tokens", "1073741824"},
      {[](GenerateRequest* r) { r->add_stop(""); }, "stop[0]", "0 bytes"},
      {[](GenerateRequest* r) { r->set_priority(101); }, "priority", "101"},
      {[](GenerateRequest* r) { r->add_stop(std::string(257, 'x')); }, "stop[0]", "257"},
      {[](GenerateRequest* r) { r->mutable_chat(); }, "chat.messages", "empty"},
      {[](GenerateRequest* r) {
         auto* message = r->mutable_chat()->add_messages();
         message->set_role("<|im_end|>");
         message->set_content("x");
       },
       "chat.messages[0].role", "<|im_end|>"},
      {[](GenerateRequest* r) { r->mutable_chat()->add_messages()->set_content("x"); },
       "chat.messages[0].role", "''"},
      {[](GenerateRequest* r) {
         auto* message = r->mutable_chat()->add_messages();
         message->set_role("user");
         message->set_fields_json(std::string((1 << 20) + 1, ' '));
       },
       "chat", "1048577"},
      {[](GenerateRequest* r) { r->set_tools_json(std::string((1 << 20) + 1, ' ')); }, "tools_json",
       "1048577"},
      {[](GenerateRequest* r) {
         r->set_raw(true);
         r->set_template_variables_json("{}");
       },
       "raw", "template_variables_json"},
      {[](GenerateRequest* r) { r->set_prompt(std::string((1 << 20) + 1, 'x')); }, "prompt",
       "1048577"},
  };
  for (const Case& bad : cases) {
    GenerateRequest request = Request();
    bad.spoil(&request);
    const absl::Status status = Generate(request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.field));
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.value));
  }
  EXPECT_EQ(loader_.tokens, 0);
}

TEST_F(GenerationTest, BrokenModelIsDataLossAndTheOthersServe) {
  GenerateRequest request = Request();
  request.set_model("broken");
  EXPECT_EQ(Generate(request).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Generate(Request()).ok());
}

class LeavingObserver final : public GenerationObserver {
 public:
  bool OnText(const engine::TextEvent&) override { return ++events < 3; }
  int events = 0;
};

TEST_F(GenerationTest, ReaderThatLeavesStopsTheComputation) {
  LeavingObserver observer;
  EXPECT_EQ(Generate(Request(4000), &observer).code(), absl::StatusCode::kCancelled);
  const int generated = loader_.tokens;
  EXPECT_LT(generated, 100);
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(loader_.tokens, generated);
}

class CollectingObserver final : public GenerationObserver {
 public:
  bool OnText(const engine::TextEvent& event) override {
    texts.push_back(event.text);
    return true;
  }
  std::vector<std::string> texts;
};

TEST_F(GenerationTest, TextWithinTheIntervalGoesTogetherAndTheEndDoesNotWait) {
  LimitsConfig limits;
  limits.stream_interval = absl::Hours(1);
  GenerationService service(&manager_, &routing_, &breakers_, limits, {},
                            [](const RequestRecord&) {});
  CollectingObserver observer;
  ASSERT_TRUE(service.Generate(Request(100), absl::InfiniteFuture(), &observer, &response_).ok());
  EXPECT_EQ(observer.texts.size(), 2);
  EXPECT_EQ(absl::StrJoin(observer.texts, ""), response_.text());
  EXPECT_EQ(response_.usage().completion_tokens(), 100);
}

TEST(MessageIntervalTest, ManyStreamsSendNoMoreMessagesThanEight) {
  EXPECT_EQ(MessageInterval(absl::Milliseconds(20), 1), absl::Milliseconds(20));
  EXPECT_EQ(MessageInterval(absl::Milliseconds(20), 8), absl::Milliseconds(20));
  EXPECT_EQ(MessageInterval(absl::Milliseconds(20), 16), absl::Milliseconds(40));
  EXPECT_EQ(MessageInterval(absl::ZeroDuration(), 16), absl::ZeroDuration());
}

TEST_F(GenerationTest, DeadlineEndsTheGeneration) {
  EXPECT_EQ(Generate(Request(4000), nullptr, absl::Now() + absl::Milliseconds(30)).code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(GenerationTest, FullQueueIsResourceExhausted) {
  std::vector<std::thread> callers;
  std::atomic<int> refused = 0;
  std::atomic<int> served = 0;
  GenerationService service(&manager_, &routing_, &breakers_, LimitsConfig{}, {},
                            [](const RequestRecord&) {});
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      GenerateResponse response;
      const absl::Status status =
          service.Generate(Request(200), absl::InfiniteFuture(), nullptr, &response);
      ++(status.ok() ? served : refused);
      EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(served, 2);
  EXPECT_GE(refused, 1);
}

TEST_F(GenerationTest, DrainingRefusesNewRequests) {
  service_.StartDraining();
  EXPECT_EQ(Generate(Request()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(GenerationTest, SeedIsReportedAndKept) {
  GenerateRequest request = Request();
  request.mutable_sampling()->set_seed(42);
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.seed(), 42);
}

}  // namespace
}  // namespace assay::server
