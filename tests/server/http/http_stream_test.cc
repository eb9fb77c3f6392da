// Tests streamed responses over real sockets, and what the server learns of clients that vanish.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/server.h"
#include "tests/patience.h"
#include "tests/server/http/raw_client.h"

namespace assay::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kStream[] = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kEnd[] = "\r\n0\r\n\r\n";

const absl::Duration kPatience = Patience();

std::unique_ptr<HttpServer> Serve(HttpHandler handler, HttpLimits limits = {}, int threads = 4) {
  HttpRouter router;
  router.Add({.path = "/stream", .handler = std::move(handler)});
  router.Add({.path = "/hello", .handler = [](const HttpRequest&, HttpReply reply) {
                reply.Send(PlainText(200, "hello"));
              }});
  auto server = HttpServer::Start({.address = "127.0.0.1:0",
                                   .router = std::move(router),
                                   .limits = limits,
                                   .handler_threads = threads});
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

void WriteThree(const HttpRequest& /*request*/, HttpReply reply) {
  HttpStream stream = reply.BeginStream({.content_type = "text/event-stream"});
  for (const char* part : {"one ", "two ", "three"}) EXPECT_TRUE(stream.Write(part));
  stream.End();
}

// Returns the body of a chunked response.
std::string BodyOf(std::string_view response) {
  std::string body;
  size_t at = response.find("\r\n\r\n") + 4;
  while (true) {
    const size_t line = response.find("\r\n", at);
    const size_t size = std::stoul(std::string(response.substr(at, line - at)), nullptr, 16);
    if (size == 0) return body;
    body += response.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
}

// Waits until the condition holds, and says if it ever did.
template <typename Condition>
bool Await(const Condition& holds) {
  const absl::Time end = absl::Now() + kPatience;
  while (!holds()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

TEST(HttpStreamTest, PartsArriveWhenTheyAreWritten) {
  absl::Notification first_read;
  const auto server = Serve([&](const HttpRequest&, HttpReply reply) {
    HttpStream stream = reply.BeginStream({.content_type = "text/event-stream"});
    stream.Write("first");
    EXPECT_TRUE(first_read.WaitForNotificationWithTimeout(kPatience));
    stream.Write("second");
    stream.End();
  });
  RawClient client(server->port());
  client.Send(kStream);
  const std::string begin = client.ReadUntil("first\r\n");
  EXPECT_THAT(begin, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(begin, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(begin, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(begin, EndsWith("first\r\n"));
  first_read.Notify();
  EXPECT_EQ(client.ReadUntil(kEnd), absl::StrCat("6\r\nsecond", kEnd));
}

TEST(HttpStreamTest, ConnectionServesOnAfterAStream) {
  const auto server = Serve(WriteThree);
  RawClient client(server->port());
  // Three at once: pipelined requests wait in the buffer.
  client.Send(absl::StrCat(kStream, kStream, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(BodyOf(client.ReadUntil(kEnd)), "one two three");
  EXPECT_EQ(BodyOf(client.ReadUntil(kEnd)), "one two three");
  EXPECT_THAT(client.ReadUntil("hello\n"), StartsWith("HTTP/1.1 200 "));
  // One after the other: the watch of the last request becomes the wait for the next.
  for (int i = 0; i < 3; ++i) {
    client.Send(kStream);
    EXPECT_EQ(BodyOf(client.ReadUntil(kEnd)), "one two three");
  }
  client.Send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), EndsWith(kEnd));
}

TEST(HttpStreamTest, OldClientsReadUntilTheEndOfTheConnection) {
  const auto server = Serve(WriteThree);
  RawClient client(server->port());
  client.Send("GET /stream HTTP/1.0\r\n\r\n");
  const std::string response = client.ReadAll();
  EXPECT_THAT(response, Not(HasSubstr("chunked")));
  EXPECT_THAT(response, EndsWith("\r\n\r\none two three"));
}

TEST(HttpStreamTest, HeadHasNoBody) {
  const auto server = Serve(WriteThree);
  RawClient client(server->port());
  client.Send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("text/event-stream"));
  client.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("hello\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpStreamTest, FailureInTheMiddleIsNoticed) {
  const auto server = Serve([](const HttpRequest&, HttpReply reply) {
    HttpStream stream = reply.BeginStream({});
    stream.Write("half");
    throw std::runtime_error("a handler that fails");
  });
  RawClient client(server->port());
  client.Send(kStream);
  const std::string response = client.ReadAll();
  EXPECT_THAT(response, HasSubstr("half"));
  EXPECT_THAT(response, Not(HasSubstr(kEnd)));
}

TEST(HttpStreamTest, ReaderThatDoesNotReadIsClosed) {
  // By the bytes that wait for it, and by time.
  for (const size_t max_unsent : {size_t{1} << 20, size_t{1} << 30}) {
    std::atomic<bool> refused = false;
    HttpLimits limits;
    limits.max_unsent_bytes = max_unsent;
    limits.write_timeout = std::chrono::milliseconds(300);
    const auto server = Serve(
        [&](const HttpRequest&, HttpReply reply) {
          HttpStream stream = reply.BeginStream({});
          const std::string part(64 << 10, 'x');
          const absl::Time end = absl::Now() + kPatience;
          while (stream.Write(part) && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
          refused = absl::Now() < end;
        },
        limits);
    const RawClient client(server->port());
    client.Send(kStream);
    EXPECT_TRUE(Await([&] { return refused.load(); })) << max_unsent;
  }
}

TEST(HttpStreamTest, ClientThatVanishesIsNoticed) {
  for (const bool streams : {true, false}) {
    absl::Notification started;
    std::atomic<bool> noticed = false;
    const auto server = Serve([&](const HttpRequest&, HttpReply reply) {
      const auto gone = reply.client_gone();
      std::optional<HttpStream> stream;
      if (streams) stream.emplace(reply.BeginStream({}));
      EXPECT_FALSE(gone());
      started.Notify();
      noticed = Await(gone);
      if (streams) {
        EXPECT_FALSE(stream->Write("too late"));
      }
    });
    absl::Time closed;
    {
      const RawClient client(server->port());
      client.Send(kStream);
      EXPECT_TRUE(started.WaitForNotificationWithTimeout(kPatience));
      closed = absl::Now();
    }
    EXPECT_TRUE(Await([&] { return noticed.load(); }));
    EXPECT_LT(absl::Now() - closed, absl::Seconds(1));
  }
}

TEST(HttpStreamTest, ClientThatOnlyEndsSendingIsStillAnswered) {
  const auto server = Serve([&](const HttpRequest&, HttpReply reply) {
    EXPECT_TRUE(Await(reply.client_gone()));
    reply.Send(PlainText(200, "late"));
  });
  RawClient client(server->port());
  client.Send(kStream);
  client.EndSending();
  EXPECT_THAT(client.ReadAll(), EndsWith("late\n"));
}

TEST(HttpStreamTest, ManyStreamsBesideIdleConnections) {
  constexpr int kStreams = 256;
  constexpr int kIdle = 1000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2 * (kStreams + kIdle) + 100) GTEST_SKIP() << "too few descriptors";
  std::atomic<int> running = 0;
  absl::Notification all_run;
  HttpLimits limits;
  limits.max_connections = 2 * (kStreams + kIdle);
  limits.max_pending = kStreams + 1;
  const auto server = Serve(
      [&](const HttpRequest&, HttpReply reply) {
        HttpStream stream = reply.BeginStream({});
        stream.Write("begin");
        ++running;
        EXPECT_TRUE(all_run.WaitForNotificationWithTimeout(kPatience));
        stream.Write("end");
        stream.End();
      },
      limits, kStreams + 1);
  std::vector<RawClient> idle;
  std::vector<RawClient> clients;
  for (int i = 0; i < kIdle; ++i) idle.emplace_back(server->port());
  for (int i = 0; i < kStreams; ++i) {
    clients.emplace_back(server->port());
    clients.back().Send(kStream);
  }
  EXPECT_TRUE(Await([&] { return running == kStreams; }));
  RawClient other(server->port());
  other.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(other.ReadUntil("hello\n"), StartsWith("HTTP/1.1 200 "));
  all_run.Notify();
  for (RawClient& client : clients) EXPECT_THAT(client.ReadUntil(kEnd), HasSubstr("end"));
  idle.front().Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(idle.front().ReadUntil("hello\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpStreamTest, StopEndsStreamsAfterTheGrace) {
  std::atomic<bool> noticed = false;
  absl::Notification started;
  HttpLimits limits;
  limits.stop_grace = std::chrono::milliseconds(200);
  auto server = Serve(
      [&](const HttpRequest&, HttpReply reply) {
        const auto gone = reply.client_gone();
        HttpStream stream = reply.BeginStream({});
        stream.Write("begin");
        started.Notify();
        noticed = Await(gone);
      },
      limits);
  RawClient client(server->port());
  client.Send(kStream);
  EXPECT_TRUE(started.WaitForNotificationWithTimeout(kPatience));
  server.reset();
  EXPECT_TRUE(noticed);
  EXPECT_THAT(client.ReadAll(), Not(HasSubstr(kEnd)));
}

TEST(HttpStreamTest, RefusalsHaveTheFormOfTheApi) {
  auto server = HttpServer::Start(
      {.address = "127.0.0.1:0",
       .refuse = [](int status, std::string_view sentence, std::string_view path) {
         return HttpResponse{
             .status = status,
             .content_type = "application/json",
             .body = absl::StrCat("<", std::string(path), "|", std::string(sentence), ">")};
       }});
  ASSERT_TRUE(server.ok()) << server.status();
  RawClient client((*server)->port());
  client.Send("GET /absent HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string response = client.ReadAll();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(response, HasSubstr("application/json"));
  EXPECT_THAT(response, HasSubstr("</absent|There is no path /absent"));
}

}  // namespace
}  // namespace assay::server
