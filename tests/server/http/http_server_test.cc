// Tests the HTTP server over real sockets: what it answers, and what bad clients cannot do.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
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
#include "absl/time/time.h"
#include "base/http/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/server.h"
#include "tests/server/http/raw_client.h"

namespace assay::server {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGet[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kHello[] = "hello\n";
constexpr uint64_t kMaxEcho = 100'000;

HttpRouter Routes() {
  HttpRouter router;
  router.Add({.path = "/hello", .handler = [](const HttpRequest&, HttpReply reply) {
                reply.Send(PlainText(200, "hello"));
              }});
  router.Add({.method = "POST",
              .path = "/echo",
              .max_body_bytes = kMaxEcho,
              .handler = [](HttpRequest request, HttpReply reply) {
                reply.Send({.body = absl::StrCat(request.query, "|", std::move(request.body))});
              }});
  router.Add({.path = "/forgets", .handler = [](const HttpRequest&, const HttpReply&) {}});
  router.Add({.path = "/large", .handler = [](const HttpRequest&, HttpReply reply) {
                reply.Send({.body = std::string(64 << 20, 'x')});
              }});
  return router;
}

std::unique_ptr<HttpServer> Serve(HttpLimits limits = {}, HttpRouter router = Routes()) {
  auto server =
      HttpServer::Start({.address = "127.0.0.1:0", .router = std::move(router), .limits = limits});
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

std::string Url(const HttpServer& server, const std::string& path) {
  return absl::StrCat("http://", server.host(), ":", server.port(), path);
}

// Sends bytes, and returns everything until the server closes.
std::string Exchange(const HttpServer& server, std::string_view bytes) {
  RawClient client(server.port());
  client.Send(bytes);
  return client.ReadAll();
}

void ExpectServes(const HttpServer& server) {
  http::Client client({});
  const auto start = std::chrono::steady_clock::now();
  const auto response = client.Send({.url = Url(server, "/hello")});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, kHello);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(HttpServerTest, AnswersGetHeadAndPost) {
  const auto server = Serve();
  http::Client client({});
  const auto get = client.Send({.url = Url(*server, "/hello?a=b")});
  ASSERT_TRUE(get.ok()) << get.status();
  EXPECT_EQ(get->status, 200);
  EXPECT_EQ(get->body, kHello);
  EXPECT_EQ(*get->Header("content-type"), "text/plain; charset=utf-8");
  const auto head = client.Send({.method = "HEAD", .url = Url(*server, "/hello")});
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(*head->Header("content-length"), "6");
  // libcurl expects status 100 before a body of this size.
  const std::string body(kMaxEcho, 'y');
  const auto post = client.Send({.method = "POST",
                                 .url = Url(*server, "/echo?q=1"),
                                 .body = body,
                                 .headers = {{"Expect", "100-continue"}}});
  ASSERT_TRUE(post.ok()) << post.status();
  EXPECT_EQ(post->body, absl::StrCat("q=1|", body));
}

TEST(HttpServerTest, RefusesUnknownPathsMethodsAndLargeBodies) {
  const auto server = Serve();
  http::Client client({});
  const auto unknown = client.Send({.url = Url(*server, "/other")});
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_EQ(unknown->status, 404);
  EXPECT_THAT(unknown->body, HasSubstr("/other; the paths are /hello, /echo"));
  const auto method = client.Send({.method = "PUT", .url = Url(*server, "/hello"), .body = "x"});
  ASSERT_TRUE(method.ok()) << method.status();
  EXPECT_EQ(method->status, 405);
  EXPECT_EQ(*method->Header("allow"), "GET, HEAD");
  const auto large = client.Send(
      {.method = "POST", .url = Url(*server, "/echo"), .body = std::string(kMaxEcho + 1, 'y')});
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->status, 413);
  EXPECT_THAT(large->body, HasSubstr("100000 bytes"));
}

TEST(HttpServerTest, RefusesLargeChunkedBodies) {
  const auto server = Serve();
  const std::string chunk = absl::StrCat("8000\r\n", std::string(0x8000, 'z'), "\r\n");
  const std::string begin = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
  EXPECT_THAT(Exchange(*server,
                       absl::StrCat(begin, "Connection: close\r\n\r\n", chunk, chunk, "0\r\n\r\n")),
              EndsWith("zzz"));
  EXPECT_THAT(Exchange(*server, absl::StrCat(begin, "\r\n", chunk, chunk, chunk, chunk)),
              StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServerTest, RefusesBadRequests) {
  const auto server = Serve();
  for (const char* request :
       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "hello\r\n\r\n", "GET /hello\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", "GET /hello HTTP/1.1\r\nbad header\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_THAT(Exchange(*server, request), StartsWith("HTTP/1.1 400 ")) << request;
  }
  RawClient half(server->port());
  half.Send("GET /hello HTTP/1.1\r\nHo");
  half.EndSending();
  EXPECT_THAT(half.ReadAll(), HasSubstr("ended before it was complete"));
  ExpectServes(*server);
}

TEST(HttpServerTest, RefusesGiantHeaders) {
  const auto server = Serve();
  const std::string text(20'000, 'h');
  EXPECT_THAT(Exchange(*server, absl::StrCat("GET /", text, " HTTP/1.1\r\nHost: a\r\n\r\n")),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Exchange(*server, absl::StrCat("GET /hello HTTP/1.1\r\nHost: ", text, "\r\n\r\n")),
              StartsWith("HTTP/1.1 431 "));
  // A header without an end.
  RawClient endless(server->port());
  endless.Send("GET /hello HTTP/1.1\r\n");
  for (int i = 0; i < 100'000; ++i) endless.Send("A: bcdefghijklmnop\r\n");
  EXPECT_THAT(endless.ReadUntil("headers.\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_TRUE(endless.IsClosedWithin(milliseconds(10'000)));
  // The largest header that is allowed.
  const std::string fits(15'000, 'h');
  EXPECT_THAT(Exchange(*server, absl::StrCat("GET /hello HTTP/1.1\r\nHost: a\r\nX: ", fits,
                                             "\r\nConnection: close\r\n\r\n")),
              EndsWith(kHello));
}

TEST(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  const auto server = Serve();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    absl::StrAppend(&requests, "POST /echo?", i, " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n",
                    i == 199 ? "Connection: close\r\n" : "", "\r\nab");
  }
  const std::string responses = Exchange(*server, requests);
  size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    at = responses.find(absl::StrCat("\r\n\r\n", i, "|ab"), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(HttpServerTest, KeepsConnectionsAliveUntilTheyAreIdle) {
  const auto server = Serve({.idle_timeout = milliseconds(500)});
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(kGet));
    EXPECT_THAT(client.ReadUntil(kHello), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_FALSE(client.IsClosedWithin(milliseconds(200)));
  EXPECT_TRUE(client.IsClosedWithin(milliseconds(10'000)));
  // HTTP/1.0 closes after one response.
  EXPECT_THAT(Exchange(*server, "GET /hello HTTP/1.0\r\n\r\n"), EndsWith(kHello));
}

TEST(HttpServerTest, SlowSendersTimeOutHoweverOftenTheySend) {
  const auto server = Serve({.receive_timeout = milliseconds(1500)});
  RawClient slow(server->port());
  const RawClient silent(server->port());
  const std::string_view request = kGet;
  const auto start = std::chrono::steady_clock::now();
  std::jthread sender([&](const std::stop_token& stop) {
    for (const char byte : request) {
      if (stop.stop_requested() || !slow.Send({&byte, 1})) return;
      std::this_thread::sleep_for(milliseconds(250));
    }
  });
  const std::string response = slow.ReadUntil("ms.\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_TRUE(silent.IsClosedWithin(milliseconds(10'000)));
  ExpectServes(*server);
}

TEST(HttpServerTest, SlowReadersTimeOut) {
  const auto server = Serve({.write_timeout = milliseconds(500)});
  RawClient client(server->port());
  client.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  ExpectServes(*server);
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_LT(client.ReadAll().size(), size_t{64} << 20);
}

TEST(HttpServerTest, HalfOpenConnectionsDelayNobody) {
  for (const int count : {100, 300}) {
    const auto server = Serve();
    std::vector<RawClient> half_open;
    for (int i = 0; i < count; ++i) {
      half_open.emplace_back(server->port());
      half_open.back().Send("GET /hello HTTP/1.1\r\nHost:");
    }
    for (int i = 0; i < 20; ++i) ExpectServes(*server);
  }
}

TEST(HttpServerTest, FullServerClosesTheConnectionThatWaitsLongest) {
  const auto server = Serve({.max_connections = 4});
  std::vector<RawClient> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(server->port());
    waiting.back().Send(kGet);
    EXPECT_THAT(waiting.back().ReadUntil(kHello), EndsWith(kHello));
  }
  ExpectServes(*server);
  EXPECT_TRUE(waiting[0].IsClosedWithin(milliseconds(5'000)));
  EXPECT_FALSE(waiting[1].IsClosedWithin(milliseconds(100)));
}

TEST(HttpServerTest, RefusesConnectionsAndRequestsBeyondItsLimits) {
  absl::Notification release;
  std::atomic<int> running = 0;
  HttpRouter router = Routes();
  router.Add({.path = "/waits", .handler = [&](const HttpRequest&, HttpReply reply) {
                ++running;
                release.WaitForNotification();
                reply.Send(PlainText(200, "released"));
              }});
  const auto server = Serve({.max_connections = 3, .max_pending = 2}, std::move(router));
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(server->port());
    clients.back().Send("GET /waits HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }
  // The handlers have one thread, so the second request waits; a third is one too many.
  while (running == 0) std::this_thread::sleep_for(milliseconds(5));
  std::string third;
  for (int i = 0; i < 100 && third.find("too many requests") == std::string::npos; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    RawClient client(server->port());
    client.Send(kGet);
    third = client.ReadUntil("later.\n");
  }
  EXPECT_THAT(third, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(third, HasSubstr("too many requests"));
  release.Notify();
  for (RawClient& client : clients) EXPECT_THAT(client.ReadAll(), EndsWith("released\n"));
  ExpectServes(*server);
}

// Returns an address of this machine that is not its loopback; empty if there is none.
std::string OwnAddress() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return "";
  std::string found;
  for (const ifaddrs* at = all; at != nullptr && found.empty(); at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    const auto* const in = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
    if (!std::string_view(text).starts_with("127.")) found = text;
  }
  freeifaddrs(all);
  return found;
}

TEST(HttpServerTest, LimitsTheConnectionsOfOneAddress) {
  const std::string address = OwnAddress();
  if (address.empty()) GTEST_SKIP() << "this machine has its loopback address only";
  const auto server = HttpServer::Start(
      {.address = "0.0.0.0:0", .router = Routes(), .limits = {.max_per_address = 2}});
  ASSERT_TRUE(server.ok()) << server.status();
  const int port = (*server)->port();
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(port, address);
    clients.back().Send(kGet);
    EXPECT_THAT(clients.back().ReadUntil(kHello), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_THAT(RawClient(port, address).ReadAll(), HasSubstr("too many connections"));
  // The callers of this machine's loopback are not counted together.
  RawClient local(port);
  local.Send(kGet);
  EXPECT_THAT(local.ReadUntil(kHello), StartsWith("HTTP/1.1 200 "));
  clients.pop_back();
  std::string answer;
  for (int i = 0; i < 100 && !answer.starts_with("HTTP/1.1 200 "); ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    RawClient next(port, address);
    next.Send(kGet);
    answer = next.ReadUntil("\n");
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, RefusesConnectionsIfAllOthersAreBusy) {
  absl::Notification release;
  HttpRouter router;
  router.Add({.path = "/waits", .handler = [&](const HttpRequest&, HttpReply reply) {
                release.WaitForNotification();
                reply.Send(PlainText(200, "released"));
              }});
  const auto server = Serve({.max_connections = 1}, std::move(router));
  RawClient busy(server->port());
  busy.Send("GET /waits HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  std::string refused;
  for (int i = 0; i < 100 && refused.empty(); ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    RawClient client(server->port());
    refused = client.ReadAll();
  }
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("too many connections"));
  release.Notify();
  EXPECT_THAT(busy.ReadAll(), EndsWith("released\n"));
}

TEST(HttpServerTest, AnswersAfterDescriptorsWereMissing) {
  const auto server = Serve();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int highest = dup(0);
  close(highest);
  // The client gets the last descriptor, and accept() has none.
  rlimit lowered = before;
  lowered.rlim_cur = static_cast<rlim_t>(highest) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  RawClient client(server->port());
  client.Send(kGet);
  EXPECT_FALSE(client.IsClosedWithin(milliseconds(300)));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(client.ReadUntil(kHello), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, ForgottenReplyAndExceptionAreStatus500) {
  HttpRouter router = Routes();
  router.Add({.path = "/throws", .handler = [](const HttpRequest&, const HttpReply&) {
                throw std::runtime_error("failed");
              }});
  const auto server = Serve({}, std::move(router));
  http::Client client({});
  for (const char* path : {"/forgets", "/throws"}) {
    const auto response = client.Send({.url = Url(*server, path)});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 500) << path;
  }
  ExpectServes(*server);
}

TEST(HttpServerTest, RepliesMayComeFromAnotherThreadAndAfterTheServer) {
  std::optional<HttpReply> kept;
  absl::Notification received;
  HttpRouter router;
  router.Add({.path = "/later", .handler = [&](const HttpRequest&, HttpReply reply) {
                kept.emplace(std::move(reply));
                received.Notify();
              }});
  auto server = Serve({.stop_grace = milliseconds(100)}, std::move(router));
  RawClient client(server->port());
  client.Send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  received.WaitForNotification();
  server.reset();
  EXPECT_TRUE(client.IsClosedWithin(milliseconds(5'000)));
  kept->Send(PlainText(200, "late"));
}

TEST(HttpServerTest, StopAnswersCompleteRequestsAndClosesTheOthers) {
  absl::Notification received;
  HttpRouter router;
  router.Add({.path = "/waits", .handler = [&](const HttpRequest&, HttpReply reply) {
                received.Notify();
                std::this_thread::sleep_for(milliseconds(300));
                reply.Send(PlainText(200, "complete"));
              }});
  auto server = Serve({}, std::move(router));
  std::vector<RawClient> half_open;
  for (int i = 0; i < 50; ++i) {
    half_open.emplace_back(server->port());
    half_open.back().Send("GET /waits HTTP/1.1\r\n");
  }
  RawClient complete(server->port());
  complete.Send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
  received.WaitForNotification();
  std::string response;
  std::jthread reader([&] { response = complete.ReadAll(); });
  const auto start = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(1800));
  reader.join();
  EXPECT_THAT(response, HasSubstr("Connection: close"));
  EXPECT_THAT(response, EndsWith("complete\n"));
  for (const RawClient& client : half_open) EXPECT_TRUE(client.IsClosedWithin(milliseconds(2'000)));
}

TEST(HttpServerTest, ReportsAddressesItCannotUse) {
  for (const char* address : {"", "80", ":80", "host", "1.2.3.4:http", "1.2.3.4:65536", "a b:1"}) {
    EXPECT_EQ(HttpServer::Start({.address = address}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
  const auto server = Serve();
  const std::string taken = absl::StrCat("127.0.0.1:", server->port());
  const absl::Status status = HttpServer::Start({.address = taken}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(taken));
  const auto named = HttpServer::Start({.address = "localhost:0", .router = Routes()});
  ASSERT_TRUE(named.ok()) << named.status();
  ExpectServes(**named);
}

}  // namespace
}  // namespace assay::server
