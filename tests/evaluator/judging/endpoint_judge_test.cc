// Tests of judges behind an endpoint, against recorded answers from a server in the process.
#include "evaluator/judging/endpoint_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "tests/base/http/fake_server.h"
#include "tests/patience.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A value that must not be found anywhere but in the header.
constexpr char kKey[] = "sk-canary-0123456789";
constexpr int kAttempts = 3;

const JudgeQuestion kQuestion = {
    .content_type = "email", .prompt = "Write.", .first = "one", .second = "two"};

// The form of an answer in OpenAI's API reference.
std::string Completion(const std::string& text) {
  return nlohmann::json{
      {"id", "chatcmpl-1"},
      {"object", "chat.completion"},
      {"choices",
       {{{"index", 0},
         {"message", {{"role", "assistant"}, {"content", text}}},
         {"finish_reason", "stop"}}}},
      {"usage", {{"prompt_tokens", 200}, {"completion_tokens", 2}, {"total_tokens", 202}}}}
      .dump();
}

class EndpointJudgeTest : public testing::Test {
 protected:
  EndpointJudgeTest()
      : server_([this](const http::FakeRequest& request) {
          EXPECT_EQ(request.headers.find("Authorization")->second, std::string("Bearer ") + kKey);
          return answer_(request);
        }) {}

  void Answer(int status, const std::string& body) {
    answer_ = [status, body](const http::FakeRequest&) {
      return http::FakeAnswer{.status = status, .body = body};
    };
  }

  JudgeOptions Options() {
    return {.name = "gpt",
            .model = "gpt-x",
            .endpoint = server_.Url() + "/v1",
            .api_key_env = "ASSAY_TEST_KEY",
            .usd_per_million_input_tokens = 5,
            .usd_per_million_output_tokens = 20,
            .timeout = timeout_};
  }

  absl::StatusOr<JudgeAnswer> Ask() {
    EndpointJudge judge(Options(), kKey,
                        {.attempts = kAttempts,
                         .first_pause = absl::Milliseconds(1),
                         .max_pause = absl::Seconds(5)});
    absl::StatusOr<JudgeAnswer> answer = judge.Ask(kQuestion, context_);
    EXPECT_THAT(answer.status().ToString(), Not(HasSubstr(kKey)));
    EXPECT_THAT(judge.Request(kQuestion), Not(HasSubstr(kKey)));
    EXPECT_THAT(judge.version(), Not(HasSubstr(kKey)));
    return answer;
  }

  // The error of a question, which must name the judge.
  absl::Status Error() {
    const absl::Status status = Ask().status();
    EXPECT_THAT(std::string(status.message()), HasSubstr("judge gpt: "));
    return status;
  }

  absl::Duration timeout_ = Patience();
  CallContext context_;
  http::FakeServer::Handler answer_;
  http::FakeServer server_;
};

TEST_F(EndpointJudgeTest, AsksForOneLetterAndCountsTheCost) {
  Answer(200, Completion(" **B**.\n"));
  const auto answer = Ask();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->choice, Choice::kSecond);
  EXPECT_NEAR(answer->cost_usd, (200 * 5 + 2 * 20) / 1e6, 1e-15);
  EXPECT_TRUE(answer->cost_known);
  ASSERT_EQ(server_.Count("/v1/chat/completions"), 1);
  const nlohmann::json sent = nlohmann::json::parse(server_.Requests()[0].body);
  EXPECT_EQ(sent["model"], "gpt-x");
  EXPECT_EQ(sent["temperature"], 0);
  EXPECT_THAT(sent["messages"][1]["content"].get<std::string>(), HasSubstr("one"));
  EXPECT_THAT(server_.Requests()[0].body, Not(HasSubstr(kKey)));
}

TEST_F(EndpointJudgeTest, AnAnswerWithoutTokensHasNoKnownCost) {
  Answer(200, R"({"choices": [{"message": {"content": "A"}}]})");
  const auto answer = Ask();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->choice, Choice::kFirst);
  EXPECT_FALSE(answer->cost_known);
}

TEST_F(EndpointJudgeTest, AWrongKeyIsNotTriedAgain) {
  Answer(401, std::string("invalid key ") + kKey);
  const absl::Status status = Error();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("ASSAY_TEST_KEY"));
  EXPECT_EQ(server_.Requests().size(), 1U);
}

TEST_F(EndpointJudgeTest, RetryAfterIsWaitedFor) {
  answer_ = [this](const http::FakeRequest&) {
    if (server_.Requests().size() > 1) return http::FakeAnswer{.body = Completion("A")};
    return http::FakeAnswer{.status = 429, .headers = {{"Retry-After", "1"}}};
  };
  const absl::Time start = absl::Now();
  ASSERT_TRUE(Ask().ok());
  EXPECT_GE(absl::Now() - start, absl::Seconds(1));
  EXPECT_EQ(server_.Requests().size(), 2U);
}

TEST_F(EndpointJudgeTest, ALongRetryAfterIsAnError) {
  answer_ = [](const http::FakeRequest&) {
    return http::FakeAnswer{.status = 429, .headers = {{"Retry-After", "3600"}}};
  };
  const absl::Status status = Error();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("1h"));
  EXPECT_EQ(server_.Requests().size(), 1U);
}

TEST_F(EndpointJudgeTest, TemporaryErrorsEndAfterTheLastAttempt) {
  Answer(429, "");
  EXPECT_TRUE(absl::IsResourceExhausted(Error()));
  EXPECT_EQ(server_.Requests().size(), static_cast<size_t>(kAttempts));
  Answer(503, "");
  EXPECT_TRUE(absl::IsUnavailable(Error()));
  Answer(404, kKey);
  EXPECT_TRUE(absl::IsFailedPrecondition(Error()));
}

TEST_F(EndpointJudgeTest, OtherBodiesAreErrors) {
  for (const std::string& body :
       {std::string("{\"choices\": ["), std::string("[]"), std::string("{\"choices\": []}"),
        std::string("{\"choices\": [{\"message\": {\"content\": 7}}]}"),
        Completion("Both are good"), Completion(""), Completion(kKey)}) {
    Answer(200, body);
    EXPECT_TRUE(absl::IsDataLoss(Error())) << body;
  }
}

TEST_F(EndpointJudgeTest, AnOversizedBodyIsRefused) {
  Answer(200, std::string(size_t{2} << 20, ' '));
  EXPECT_TRUE(absl::IsOutOfRange(Error()));
}

TEST_F(EndpointJudgeTest, ASlowEndpointMeetsTheTimeLimit) {
  timeout_ = absl::Milliseconds(200);
  answer_ = [](const http::FakeRequest&) {
    absl::SleepFor(absl::Seconds(2));
    return http::FakeAnswer{.body = Completion("A")};
  };
  EXPECT_TRUE(absl::IsDeadlineExceeded(Error()));
}

TEST_F(EndpointJudgeTest, ACancelledCallEndsAPause) {
  answer_ = [](const http::FakeRequest&) {
    return http::FakeAnswer{.status = 503, .headers = {{"Retry-After", "5"}}};
  };
  context_ = CallContext([this] { return !server_.Requests().empty(); });
  const absl::Time start = absl::Now();
  EXPECT_TRUE(absl::IsCancelled(Error()));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

TEST(MakeEndpointJudgeTest, TheKeyComesFromTheEnvironment) {
  const JudgeOptions options = {.name = "gpt",
                                .model = "m",
                                .endpoint = "http://127.0.0.1:1",
                                .api_key_env = "ASSAY_TEST_KEY_OF_JUDGE"};
  unsetenv("ASSAY_TEST_KEY_OF_JUDGE");
  EXPECT_THAT(std::string(MakeEndpointJudge(options).status().message()),
              HasSubstr("ASSAY_TEST_KEY_OF_JUDGE is not set"));
  setenv("ASSAY_TEST_KEY_OF_JUDGE", "sk-canary\n", 1);
  const absl::Status status = MakeEndpointJudge(options).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("sk-canary")));
  setenv("ASSAY_TEST_KEY_OF_JUDGE", kKey, 1);
  EXPECT_TRUE(MakeEndpointJudge(options).ok());
}

}  // namespace
}  // namespace assay::evaluator
