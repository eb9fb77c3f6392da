// Tests of the HTTP client against a scripted server.
#include "base/http/client.h"

#include <string>
#include <string_view>
#include <thread>

#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/http/fake_server.h"

namespace assay::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ClientTest, PostSendsBodyAndHeadersAndReturnsTheResponse) {
  FakeServer server(
      [](const FakeRequest& request) { return FakeAnswer{201, "got " + request.body}; });
  Client client({});
  const auto response =
      client.Send({"POST", server.Url() + "/a", std::string(3000, 'x'), {{"X-Test", "yes"}}});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "got " + std::string(3000, 'x'));
  EXPECT_EQ(server.Requests().front().headers.find("X-Test")->second, "yes");
}

TEST(ClientTest, BasicCredentialsWinOverTheToken) {
  FakeServer server([](const FakeRequest&) { return FakeAnswer{}; });
  Client basic({.username = "ada", .password = "pw", .bearer_token = "t"});
  Client bearer({.username = "ada", .bearer_token = "t"});
  ASSERT_TRUE(basic.Send({.url = server.Url()}).ok());
  ASSERT_TRUE(bearer.Send({.url = server.Url()}).ok());
  const auto requests = server.Requests();
  EXPECT_EQ(requests[0].headers.find("Authorization")->second, "Basic YWRhOnB3");
  EXPECT_EQ(requests[1].headers.find("Authorization")->second, "Bearer t");
}

// A misconfigured proxy may repeat the request in its answer, which becomes part of messages.
TEST(ClientTest, ARefusalThatRepeatsTheCredentialsHidesThem) {
  FakeServer server([](const FakeRequest& request) {
    return FakeAnswer{403, "no: " + request.headers.find("Authorization")->second + " " +
                               request.headers.find("X-Api-Key")->second};
  });
  std::string url = server.Url();
  url.insert(url.find("//") + 2, "ada:p%40ssword@");
  Client in_url({});
  EXPECT_EQ(in_url.Send({.url = url, .headers = {{"X-Api-Key", "key-123"}}})->body,
            "no: Basic (hidden) (hidden)");
  Client bearer({.bearer_token = "token-123"});
  EXPECT_EQ(bearer.Send({.url = server.Url(), .headers = {{"X-Api-Key", "key-123"}}})->body,
            "no: Bearer (hidden) (hidden)");
}

TEST(ClientTest, RetryAfterIsReadInSeconds) {
  FakeServer server(
      [](const FakeRequest&) { return FakeAnswer{429, "", {{"Retry-After", "17"}}}; });
  Client client({});
  const auto response = client.Send({.url = server.Url()});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->retry_after, absl::Seconds(17));
}

TEST(ClientTest, ABodyBeyondTheLimitIsOutOfRange) {
  FakeServer server([](const FakeRequest&) { return FakeAnswer{200, std::string(5000, 'x')}; });
  Client client({.max_response_bytes = 4999});
  EXPECT_EQ(client.Send({.url = server.Url()}).status().code(), absl::StatusCode::kOutOfRange);
  Client larger({.max_response_bytes = 5000});
  EXPECT_TRUE(larger.Send({.url = server.Url()}).ok());
}

TEST(ClientTest, ASlowResponseIsDeadlineExceeded) {
  FakeServer server([](const FakeRequest&) {
    absl::SleepFor(absl::Seconds(1));
    return FakeAnswer{};
  });
  Client client({.timeout = absl::Milliseconds(100)});
  EXPECT_EQ(client.Send({.url = server.Url()}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(ClientTest, ExpireEndsARunningExchange) {
  FakeServer server([](const FakeRequest&) {
    absl::SleepFor(absl::Seconds(4));
    return FakeAnswer{};
  });
  Client client({});
  std::thread stopper([&client] {
    absl::SleepFor(absl::Milliseconds(200));
    client.Expire(SteadyTime::Now());
  });
  const absl::Time start = absl::Now();
  EXPECT_EQ(client.Send({.url = server.Url()}).status().code(), absl::StatusCode::kCancelled);
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  stopper.join();
}

TEST(ClientTest, AMissingServerIsUnavailableAndHidesTheCredentials) {
  std::string url;
  {
    FakeServer server([](const FakeRequest&) { return FakeAnswer{}; });
    url = server.Url();
  }
  url.insert(url.find("//") + 2, "ada:secret@");
  Client client({});
  const absl::Status status = client.Send({.url = url}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST(ClientTest, OtherSchemesAreRefused) {
  Client client({});
  EXPECT_EQ(client.Send({.url = "file:///etc/hostname"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ClientTest, ARedirectIsNotFollowed) {
  FakeServer server([](const FakeRequest& request) {
    if (request.path != "/here") return FakeAnswer{};
    return FakeAnswer{302, "", {{"Location", "/elsewhere"}}};
  });
  Client client({});
  const auto response = client.Send({.url = server.Url() + "/here"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.Requests().size(), 1U);
}

// A sink that records what it receives and returns `answer` for every piece of the body.
struct RecordingSink : BodySink {
  absl::Status OnHead(const Response& head) override {
    ++heads;
    status = head.status;
    const std::string* header = head.Header("x-test");
    if (header != nullptr) test_header = *header;
    return absl::OkStatus();
  }
  absl::Status OnBytes(std::string_view bytes) override {
    body.append(bytes);
    return answer;
  }
  int heads = 0;
  int status = 0;
  std::string test_header;
  std::string body;
  absl::Status answer;
};

TEST(ClientTest, ASinkReceivesHeadAndBodyWithoutASizeLimit) {
  FakeServer server([](const FakeRequest&) {
    return FakeAnswer{206, std::string(3 << 20, 'x'), {{"X-Test", "  seen "}}};
  });
  Client client({.max_response_bytes = 10});
  RecordingSink sink;
  const auto response = client.Receive({.url = server.Url()}, &sink);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(sink.heads, 1);
  EXPECT_EQ(sink.status, 206);
  EXPECT_EQ(sink.test_header, "seen");
  EXPECT_EQ(sink.body, std::string(3 << 20, 'x'));
  EXPECT_EQ(response->body, "");
}

TEST(ClientTest, ASinkReceivesNothingOfAnErrorResponse) {
  FakeServer server([](const FakeRequest&) { return FakeAnswer{404, "no"}; });
  Client client({});
  RecordingSink sink;
  const auto response = client.Receive({.url = server.Url()}, &sink);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "no");
  EXPECT_EQ(sink.heads, 0);
  EXPECT_EQ(sink.body, "");
}

TEST(ClientTest, AnErrorOfTheSinkEndsTheExchange) {
  FakeServer server([](const FakeRequest&) { return FakeAnswer{200, std::string(5000, 'x')}; });
  Client client({});
  RecordingSink sink;
  sink.answer = absl::DataLossError("not what I asked for");
  EXPECT_EQ(client.Receive({.url = server.Url()}, &sink).status(), sink.answer);
}

TEST(ClientTest, CredentialsAreNotSentWithoutAuthenticate) {
  FakeServer server([](const FakeRequest&) { return FakeAnswer{}; });
  Client client({.bearer_token = "t"});
  ASSERT_TRUE(client.Send({.url = server.Url()}).ok());
  ASSERT_TRUE(client.Send({.url = server.Url(), .authenticate = false}).ok());
  const auto requests = server.Requests();
  EXPECT_EQ(requests[0].headers.count("Authorization"), 1U);
  EXPECT_EQ(requests[1].headers.count("Authorization"), 0U);
}

TEST(ClientTest, RetryAfterIsReadAsADate) {
  const std::string date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                            absl::Now() + absl::Seconds(30), absl::UTCTimeZone());
  FakeServer server(
      [&date](const FakeRequest&) { return FakeAnswer{503, "", {{"Retry-After", date}}}; });
  Client client({});
  const auto response = client.Send({.url = server.Url()});
  ASSERT_TRUE(response.ok());
  ASSERT_TRUE(response->retry_after.has_value());
  EXPECT_GE(*response->retry_after, absl::Seconds(27));
  EXPECT_LE(*response->retry_after, absl::Seconds(31));
}

TEST(ClientTest, AStallIsDeadlineExceededBeforeTheTimeout) {
  FakeServer server([](const FakeRequest&) {
    absl::SleepFor(absl::Seconds(4));
    return FakeAnswer{};
  });
  Client client({.timeout = absl::InfiniteDuration(), .stall_timeout = absl::Milliseconds(500)});
  const absl::Time start = absl::Now();
  const absl::Status status = client.Send({.url = server.Url()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no data for 500ms"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST(ClientTest, AnInterruptionEndsTheExchangeWithItsError) {
  FakeServer server([](const FakeRequest&) {
    absl::SleepFor(absl::Seconds(4));
    return FakeAnswer{};
  });
  Client client({});
  const absl::Time start = absl::Now();
  const absl::Status status = client
                                  .Send({.url = server.Url(),
                                         .interrupted =
                                             [start] {
                                               return absl::Now() - start < absl::Milliseconds(300)
                                                          ? absl::OkStatus()
                                                          : absl::AbortedError("enough");
                                             }})
                                  .status();
  EXPECT_EQ(status, absl::AbortedError("enough"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST(ClientTest, ErrorMessagesHideTheQuery) {
  std::string url;
  {
    FakeServer server([](const FakeRequest&) { return FakeAnswer{}; });
    url = server.Url();
  }
  Client client({});
  const absl::Status status = client.Send({.url = url + "/f?Signature=secret"}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("/f: "));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace assay::http
