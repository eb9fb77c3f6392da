// HttpClient against a scripted server.
#include "server/telemetry/http_client.h"

#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/telemetry/fake_http_server.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpClientTest, PostSendsBodyAndHeadersAndReturnsTheAnswer) {
  FakeHttpServer server(
      [](const FakeRequest& request) { return FakeAnswer{201, "got " + request.body}; });
  HttpClient client({});
  const auto response =
      client.Send({"POST", server.Url() + "/a", std::string(3000, 'x'), {{"X-Test", "yes"}}});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "got " + std::string(3000, 'x'));
  EXPECT_EQ(server.Requests().front().headers.find("X-Test")->second, "yes");
}

TEST(HttpClientTest, BasicCredentialsWinOverTheToken) {
  FakeHttpServer server([](const FakeRequest&) { return FakeAnswer{}; });
  HttpClient basic({.username = "ada", .password = "pw", .bearer_token = "t"});
  HttpClient bearer({.username = "ada", .bearer_token = "t"});
  ASSERT_TRUE(basic.Send({.url = server.Url()}).ok());
  ASSERT_TRUE(bearer.Send({.url = server.Url()}).ok());
  const auto requests = server.Requests();
  EXPECT_EQ(requests[0].headers.find("Authorization")->second, "Basic YWRhOnB3");
  EXPECT_EQ(requests[1].headers.find("Authorization")->second, "Bearer t");
}

TEST(HttpClientTest, RetryAfterIsReadInSeconds) {
  FakeHttpServer server(
      [](const FakeRequest&) { return FakeAnswer{429, "", {{"Retry-After", "17"}}}; });
  HttpClient client({});
  const auto response = client.Send({.url = server.Url()});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->retry_after, absl::Seconds(17));
}

TEST(HttpClientTest, BodyBeyondTheLimitIsOutOfRange) {
  FakeHttpServer server([](const FakeRequest&) { return FakeAnswer{200, std::string(5000, 'x')}; });
  HttpClient client({.max_response_bytes = 4999});
  EXPECT_EQ(client.Send({.url = server.Url()}).status().code(), absl::StatusCode::kOutOfRange);
  HttpClient larger({.max_response_bytes = 5000});
  EXPECT_TRUE(larger.Send({.url = server.Url()}).ok());
}

TEST(HttpClientTest, SlowAnswerIsDeadlineExceeded) {
  FakeHttpServer server([](const FakeRequest&) {
    absl::SleepFor(absl::Seconds(1));
    return FakeAnswer{};
  });
  HttpClient client({.timeout = absl::Milliseconds(100)});
  EXPECT_EQ(client.Send({.url = server.Url()}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(HttpClientTest, ExpireEndsARunningExchange) {
  FakeHttpServer server([](const FakeRequest&) {
    absl::SleepFor(absl::Seconds(4));
    return FakeAnswer{};
  });
  HttpClient client({});
  std::thread stopper([&client] {
    absl::SleepFor(absl::Milliseconds(200));
    client.Expire(absl::Now());
  });
  const absl::Time start = absl::Now();
  EXPECT_EQ(client.Send({.url = server.Url()}).status().code(), absl::StatusCode::kCancelled);
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  stopper.join();
}

TEST(HttpClientTest, NoServerIsUnavailableWithoutTheCredentials) {
  std::string url;
  {
    FakeHttpServer server([](const FakeRequest&) { return FakeAnswer{}; });
    url = server.Url();
  }
  url.insert(url.find("//") + 2, "ada:secret@");
  HttpClient client({});
  const absl::Status status = client.Send({.url = url}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST(HttpClientTest, OnlyHttpIsSpoken) {
  HttpClient client({});
  EXPECT_EQ(client.Send({.url = "file:///etc/hostname"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(HttpClientTest, RedirectIsNotFollowed) {
  FakeHttpServer server([](const FakeRequest& request) {
    if (request.path != "/here") return FakeAnswer{};
    return FakeAnswer{302, "", {{"Location", "/elsewhere"}}};
  });
  HttpClient client({});
  const auto response = client.Send({.url = server.Url() + "/here"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.Requests().size(), 1U);
}

}  // namespace
}  // namespace assay::server
