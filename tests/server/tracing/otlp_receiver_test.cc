// Tests how the answers of a collector are interpreted.
#include "server/tracing/otlp_receiver.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/http/fake_server.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Delivery SendTo(const http::FakeServer::Handler& handler) {
  http::FakeServer server(handler);
  OtlpReceiver receiver(
      {.url = server.Url() + "/v1/traces?token=secret", .headers = {{"x-team", "posts"}}});
  return receiver.Send("{}");
}

TEST(OtlpReceiverTest, PostsJsonWithTheHeaders) {
  const Delivery delivery = SendTo([](const http::FakeRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/traces");
    EXPECT_EQ(request.headers.find("Content-Type")->second, "application/json");
    EXPECT_EQ(request.headers.find("x-team")->second, "posts");
    return http::FakeAnswer{};
  });
  EXPECT_TRUE(delivery.status.ok()) << delivery.status;
  EXPECT_EQ(delivery.rejected, 0);
}

TEST(OtlpReceiverTest, CountsRejectedSpans) {
  EXPECT_EQ(SendTo([](const auto&) {
              return http::FakeAnswer{.body = R"({"partialSuccess": {"rejectedSpans": "3"}})"};
            }).rejected,
            3);
  EXPECT_EQ(SendTo([](const auto&) {
              return http::FakeAnswer{.body = R"({"partialSuccess": {"rejectedSpans": 2}})"};
            }).rejected,
            2);
  // MLflow answers in binary protobuf.
  EXPECT_EQ(SendTo([](const auto&) { return http::FakeAnswer{.body = "\x0a\x00"}; }).rejected, 0);
}

TEST(OtlpReceiverTest, OnlyTransientStatusesAreRetryable) {
  for (const int status : {429, 502, 503, 504}) {
    const Delivery delivery = SendTo([status](const auto&) {
      return http::FakeAnswer{.status = status, .headers = {{"Retry-After", "7"}}};
    });
    EXPECT_TRUE(delivery.retryable) << status;
    EXPECT_EQ(delivery.retry_after, absl::Seconds(7)) << status;
  }
  for (const int status : {301, 400, 401, 404, 413, 500, 501}) {
    const Delivery delivery =
        SendTo([status](const auto&) { return http::FakeAnswer{.status = status, .body = "no"}; });
    EXPECT_FALSE(delivery.status.ok()) << status;
    EXPECT_FALSE(delivery.retryable) << status;
    EXPECT_THAT(std::string(delivery.status.message()), HasSubstr("no"));
    EXPECT_THAT(std::string(delivery.status.message()), Not(HasSubstr("secret")));
  }
}

TEST(OtlpReceiverTest, RefusedConnectionIsRetryable) {
  OtlpReceiver receiver({.url = "http://127.0.0.1:9/v1/traces"});
  EXPECT_TRUE(receiver.Send("{}").retryable);
}

}  // namespace
}  // namespace assay::server
