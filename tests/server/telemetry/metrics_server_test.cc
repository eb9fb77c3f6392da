// Tests the scrape endpoint over real sockets.
#include "server/telemetry/metrics_server.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/telemetry/metrics.h"
#include "tests/server/http/raw_client.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;

TEST(MetricsServerTest, ServesTheTextFormatOnAFreePort) {
  Metrics metrics({"1", "2", "cpu"});
  metrics.SetRefresh([](Metrics* m) { m->SetMlflowOutbox(42, 7); });
  const auto server = MetricsServer::Start("127.0.0.1:0", metrics.collectable());
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_GT((*server)->port(), 0);
  EXPECT_EQ((*server)->url(), absl::StrCat("http://127.0.0.1:", (*server)->port(), "/metrics"));
  http::Client client({});
  const auto response = client.Send({.url = (*server)->url()});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(*response->Header("content-type"), "text/plain; charset=utf-8");
  EXPECT_THAT(response->body, HasSubstr("assay_mlflow_outbox_entries 42\n"));
  const std::string root = absl::StrCat("http://127.0.0.1:", (*server)->port(), "/");
  const auto index = client.Send({.url = root});
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(index->status, 200);
  EXPECT_THAT(index->body, HasSubstr("/metrics"));
}

TEST(MetricsServerTest, HalfOpenConnectionsDoNotDelayScrapes) {
  Metrics metrics({"1", "2", "cpu"});
  const auto server = MetricsServer::Start("127.0.0.1:0", metrics.collectable());
  ASSERT_TRUE(server.ok()) << server.status();
  std::vector<RawClient> half_open;
  for (int i = 0; i < 300; ++i) {
    half_open.emplace_back((*server)->port());
    half_open.back().Send("GET /metrics HTTP/1.1\r\nHost:");
  }
  for (int i = 0; i < 20; ++i) {
    http::Client client({.timeout = absl::Seconds(1)});
    const auto response = client.Send({.url = (*server)->url()});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 200);
  }
}

TEST(MetricsServerTest, PortInUseErrorSuggestsAFix) {
  Metrics metrics({"1", "2", "cpu"});
  const auto first = MetricsServer::Start("127.0.0.1:0", metrics.collectable());
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = absl::StrCat("127.0.0.1:", (*first)->port());
  const absl::Status status = MetricsServer::Start(address, metrics.collectable()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
  EXPECT_THAT(std::string(status.message()), HasSubstr("metrics.listen"));
}

TEST(MetricsServerTest, MalformedAddressIsInvalidArgument) {
  Metrics metrics({"1", "2", "cpu"});
  for (const char* address : {"", "9464", ":9464", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:65536",
                              "127.0.0.1:-1", "127.0.0.1:80,0.0.0.0:80", "127.0.0.1:443s"}) {
    EXPECT_EQ(MetricsServer::Start(address, metrics.collectable()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
}

}  // namespace
}  // namespace assay::server
