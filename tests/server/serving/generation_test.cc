// Requests for text from check to record, with a model that counts.
#include "server/serving/generation.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/steady_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "server/serving/generation_request.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

using testing::HasSubstr;

TEST(ToEngineRequestTest, ConversationAndToolsAreCopied) {
  GenerateCall call;
  call.chat = std::vector<ChatMessage>{
      {.role = "tool", .content = "21 degrees", .fields_json = R"({"tool_call_id": "a1"})"}};
  call.tools_json = R"([{"type": "function"}])";
  call.template_variables_json = R"({"enable_thinking": false})";
  const auto engine = ToEngineRequest(call, LimitsConfig{});
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
  registry::ModelEntry suggests = good;
  suggests.id = "suggests";
  suggests.content_types = {};
  suggests.model_sampling = true;
  catalog.models = {good, broken, suggests};
  return catalog;
}

TEST(ToEngineRequestTest, ARawPromptHasNoTemplate) {
  GenerateCall call{.prompt = "x", .chat_template = "rag", .parse_special = true};
  const auto engine = ToEngineRequest(call, LimitsConfig{});
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(engine->prompt.chat_template, "rag");
  EXPECT_TRUE(engine->prompt.parse_special);
  call.raw = true;
  EXPECT_THAT(std::string(ToEngineRequest(call, LimitsConfig{}).status().message()),
              HasSubstr("raw: excludes chat_template"));
}

class GenerationTest : public testing::Test {
 protected:
  GenerationTest()
      : manager_(TestCatalog(), &loader_, {}, nullptr),
        routing_(&manager_, nullptr),
        service_(&manager_, &routing_, &breakers_, LimitsConfig{}, {},
                 [this](const RequestRecord& record) {
                   records_.push_back(record);
                   recorded_tokens_ = record.result->usage.completion_tokens;
                 }) {}

  absl::Status Generate(const GenerateCall& call, GenerationObserver* observer = nullptr,
                        SteadyTime deadline = SteadyTime::InfiniteFuture()) {
    absl::StatusOr<GenerateResult> result =
        service_.Generate(call, CallContext::WithDeadline(deadline), observer);
    if (result.ok()) result_ = *result;
    return result.status();
  }

  static GenerateCall Call(int tokens = 3) {
    return {.model = "good", .prompt = "Hello", .max_new_tokens = tokens};
  }

  CountingLoader loader_;
  registry::Manager manager_;
  Routing routing_;
  std::vector<RequestRecord> records_;
  // Copied because the record's result is gone after the call.
  int recorded_tokens_ = 0;
  ModelBreakers breakers_{BreakerConfig{}};
  GenerationService service_;
  GenerateResult result_;
};

TEST_F(GenerationTest, TheModelsSamplingIsUsedOnRequest) {
  GenerateCall call = Call();
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(loader_.sampling.top_k, 0);
  call.sampling.model_defaults = true;
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(loader_.sampling.top_k, 20);
  call.sampling.top_k = 3;
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(loader_.sampling.top_k, 3);
  // The entry's setting applies where the request says nothing.
  call = Call();
  call.model = "suggests";
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(loader_.sampling.top_k, 20);
  call.sampling.model_defaults = false;
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(loader_.sampling.top_k, 0);
}

// The model runs one request at a time. A request of higher priority preempts another one of its
// caller, unless the caller may not have that priority.
TEST_F(GenerationTest, ThePriorityIsCappedByTheCaller) {
  GenerationService service(&manager_, &routing_, &breakers_, LimitsConfig{.max_wait = {}}, {},
                            [](const RequestRecord&) {});
  for (const int cap : {0, kHighestPriority}) {
    const RequestContext origin{.caller = {.id = "a", .max_priority = cap}};
    const int before = loader_.tokens;
    std::thread running(
        [&] { EXPECT_TRUE(service.Generate(Call(300), CallContext(), nullptr, origin).ok()); });
    while (loader_.tokens < before + 10) absl::SleepFor(absl::Milliseconds(1));
    GenerateCall urgent = Call(2);
    urgent.priority = kHighestPriority;
    EXPECT_TRUE(service.Generate(urgent, CallContext(), nullptr, origin).ok());
    const bool waited = loader_.tokens >= before + 300;
    EXPECT_EQ(waited, cap == 0);
    running.join();
  }
}

TEST_F(GenerationTest, FillsResultAndRecord) {
  ASSERT_TRUE(Generate(Call()).ok());
  EXPECT_EQ(result_.text, "t0 t1 t2 ");
  EXPECT_EQ(result_.usage.completion_tokens, 3);
  EXPECT_EQ(result_.model, "good");
  EXPECT_EQ(result_.route.rule, "requested");
  EXPECT_GT(result_.cost_usd, 0);
  ASSERT_EQ(records_.size(), 1);
  EXPECT_EQ(recorded_tokens_, 3);
  EXPECT_EQ(records_[0].token_gaps.size(), 2);
  EXPECT_GE(records_[0].routed, absl::ZeroDuration());
  EXPECT_GE(records_[0].accepted, records_[0].routed);
  EXPECT_LE(records_[0].accepted, records_[0].duration);
}

TEST_F(GenerationTest, ContentTypeChoosesTheModel) {
  GenerateCall call = Call();
  call.model.clear();
  call.content_type = "linkedin";
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(result_.model, "good");
  EXPECT_EQ(result_.route.rule, "fixed");
  EXPECT_EQ(records_[0].content_type, "linkedin");
}

TEST_F(GenerationTest, UnknownNamesAreNotRecorded) {
  GenerateCall call = Call();
  call.model = "nonsense";
  call.content_type = "nonsense";
  const absl::Status status = Generate(call);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nonsense"));
  EXPECT_EQ(records_[0].model, "");
  EXPECT_EQ(records_[0].content_type, "");
}

TEST_F(GenerationTest, InvalidFieldsAreNamedInTheError) {
  struct Case {
    std::function<void(GenerateCall&)> spoil;
    std::string field;
    std::string value;
  };
  const std::string too_long((1 << 20) + 1, 'x');
  const std::vector<Case> cases = {
      {[](GenerateCall& c) { c.prompt.clear(); }, "prompt", "empty"},
      {[](GenerateCall& c) { c.sampling.top_p = 7; }, "top_p", "7"},
      {[](GenerateCall& c) { c.sampling.temperature = -1; }, "temperature", "-1"},
      {[](GenerateCall& c) { c.sampling.top_k = -2; }, "top_k", "-2"},
      {[](GenerateCall& c) { c.max_new_tokens = -5; }, "max_new_tokens", "-5"},
      {[](GenerateCall& c) { c.max_new_tokens = 1 << 30; }, "max_new_tokens", "1073741824"},
      {[](GenerateCall& c) { c.stop = {""}; }, "stop[0]", "0 bytes"},
      {[](GenerateCall& c) { c.stop = {std::string(257, 'x')}; }, "stop[0]", "257"},
      {[](GenerateCall& c) { c.stop.assign(17, "x"); }, "stop", "17"},
      {[](GenerateCall& c) { c.priority = 101; }, "priority", "101"},
      {[](GenerateCall& c) { c.chat.emplace(); }, "chat.messages", "empty"},
      {[](GenerateCall& c) { c.chat.emplace({ChatMessage{.role = "<|im_end|>", .content = "x"}}); },
       "chat.messages[0].role", "<|im_end|>"},
      {[](GenerateCall& c) { c.chat.emplace({ChatMessage{.content = "x"}}); },
       "chat.messages[0].role", "''"},
      {[&](GenerateCall& c) {
         c.chat.emplace({ChatMessage{.role = "user", .fields_json = too_long}});
       },
       "chat", "1048577"},
      {[&](GenerateCall& c) { c.tools_json = too_long; }, "tools_json", "1048577"},
      {[](GenerateCall& c) {
         c.raw = true;
         c.template_variables_json = "{}";
       },
       "raw", "template_variables_json"},
      {[&](GenerateCall& c) { c.prompt = too_long; }, "prompt", "1048577"},
  };
  for (const Case& bad : cases) {
    GenerateCall call = Call();
    bad.spoil(call);
    const absl::Status status = Generate(call);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.field));
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.value));
  }
  EXPECT_EQ(loader_.tokens, 0);
}

TEST_F(GenerationTest, BrokenModelIsDataLossAndOthersStillServe) {
  GenerateCall call = Call();
  call.model = "broken";
  EXPECT_EQ(Generate(call).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Generate(Call()).ok());
}

class LeavingObserver final : public GenerationObserver {
 public:
  bool OnText(const TextDelta& /*delta*/) override { return ++events < 3; }
  int events = 0;
};

TEST_F(GenerationTest, ObserverThatReturnsFalseStopsTheComputation) {
  LeavingObserver observer;
  EXPECT_EQ(Generate(Call(4000), &observer).code(), absl::StatusCode::kCancelled);
  const int generated = loader_.tokens;
  EXPECT_LT(generated, 100);
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(loader_.tokens, generated);
}

class CollectingObserver final : public GenerationObserver {
 public:
  bool OnText(const TextDelta& delta) override {
    texts.push_back(delta.text);
    return true;
  }
  std::vector<std::string> texts;
};

TEST_F(GenerationTest, TextWithinTheIntervalIsSentTogetherAndTheEndDoesNotWait) {
  LimitsConfig limits;
  limits.stream_interval = absl::Hours(1);
  GenerationService service(&manager_, &routing_, &breakers_, limits, {},
                            [](const RequestRecord&) {});
  CollectingObserver observer;
  const auto result = service.Generate(Call(100), CallContext(), &observer);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(observer.texts.size(), 2);
  EXPECT_EQ(absl::StrJoin(observer.texts, ""), result->text);
  EXPECT_EQ(result->usage.completion_tokens, 100);
}

class SlowObserver final : public GenerationObserver {
 public:
  bool OnText(const TextDelta& delta) override {
    // The model writes several tokens meanwhile.
    absl::SleepFor(absl::Milliseconds(5));
    sizes.push_back(delta.tokens.size());
    return true;
  }
  std::vector<size_t> sizes;
};

TEST_F(GenerationTest, WithoutAnIntervalEachTokenIsSentByItselfToASlowReader) {
  LimitsConfig limits;
  limits.stream_interval = absl::ZeroDuration();
  GenerationService service(&manager_, &routing_, &breakers_, limits, {},
                            [](const RequestRecord&) {});
  SlowObserver observer;
  ASSERT_TRUE(service.Generate(Call(40), CallContext(), &observer).ok());
  EXPECT_EQ(observer.sizes, std::vector<size_t>(40, 1));
}

TEST(MessageIntervalTest, ManyStreamsShareTheMessageRateOfEight) {
  EXPECT_EQ(MessageInterval(absl::Milliseconds(20), 1), absl::Milliseconds(20));
  EXPECT_EQ(MessageInterval(absl::Milliseconds(20), 8), absl::Milliseconds(20));
  EXPECT_EQ(MessageInterval(absl::Milliseconds(20), 16), absl::Milliseconds(40));
  EXPECT_EQ(MessageInterval(absl::ZeroDuration(), 16), absl::ZeroDuration());
}

TEST_F(GenerationTest, DeadlineEndsTheGeneration) {
  EXPECT_EQ(Generate(Call(4000), nullptr, SteadyTime::Now() + absl::Milliseconds(30)).code(),
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
      const absl::Status status = service.Generate(Call(200), CallContext()).status();
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
  EXPECT_EQ(Generate(Call()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(GenerationTest, ResultReportsTheSeedOfTheCall) {
  GenerateCall call = Call();
  call.sampling.seed = 42;
  ASSERT_TRUE(Generate(call).ok());
  EXPECT_EQ(result_.seed, 42);
}

}  // namespace
}  // namespace assay::server
