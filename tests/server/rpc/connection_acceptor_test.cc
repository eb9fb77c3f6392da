// Connections within limits.
#include "server/rpc/connection_acceptor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::server {
namespace {

const absl::Duration kPatience = Patience();

// Connects to "127.0.0.1:port" and returns the socket.
Descriptor Connect(const std::string& address) {
  Descriptor fd(socket(AF_INET, SOCK_STREAM, 0));
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  const sockaddr_in to{.sin_family = AF_INET,
                       .sin_port = htons(static_cast<uint16_t>(port)),
                       .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  return fd;
}

// True if the other end closes the connection within the patience.
bool IsClosed(const Descriptor& fd) {
  const timeval limit{.tv_sec = absl::ToInt64Seconds(kPatience)};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  char byte = 0;
  return recv(fd.get(), &byte, 1, 0) <= 0;
}

// Keeps what was accepted.
class Server {
 public:
  explicit Server(const ConnectionLimits& limits) {
    auto acceptor = ConnectionAcceptor::Bind("127.0.0.1:0", limits);
    EXPECT_TRUE(acceptor.ok()) << acceptor.status();
    acceptor_ = *std::move(acceptor);
    acceptor_->Start(
        [this](int /*listener*/, int fd) {
          const MutexLock lock(mutex_);
          accepted_.emplace_back(fd);
        },
        [this](const std::string& /*peer*/) { ++floods_; }, nullptr);
  }
  ~Server() { acceptor_->Stop(); }

  const std::string& address() const { return acceptor_->address(); }
  ConnectionAcceptor& acceptor() { return *acceptor_; }
  int floods() const { return floods_; }

  bool AwaitAccepted(size_t count) {
    const MutexLock lock(mutex_);
    const auto enough = [&] { return accepted_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), kPatience);
  }
  void CloseAccepted() {
    const MutexLock lock(mutex_);
    accepted_.clear();
  }

 private:
  absl::Mutex mutex_;
  std::vector<Descriptor> accepted_;
  std::atomic<int> floods_ = 0;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

TEST(ConnectionAcceptorTest, ConnectionsOverTheLimitAreClosedUntilOneEnds) {
  Server server({.max_connections = 2});
  const Descriptor first = Connect(server.address());
  const Descriptor second = Connect(server.address());
  ASSERT_TRUE(server.AwaitAccepted(2));
  EXPECT_TRUE(IsClosed(Connect(server.address())));
  EXPECT_EQ(server.acceptor().counts().over_limit, 1);
  EXPECT_EQ(server.acceptor().counts().accepted, 2);

  // Nobody tells the acceptor of the end of a connection.
  server.CloseAccepted();
  const Descriptor third = Connect(server.address());
  ASSERT_TRUE(server.AwaitAccepted(1));
  EXPECT_EQ(server.acceptor().counts().accepted, 3);
}

TEST(ConnectionAcceptorTest, AddressesOfThisMachineHaveNoLimitOfTheirOwn) {
  Server server({.max_connections = 10, .max_per_address = 1});
  const Descriptor first = Connect(server.address());
  const Descriptor second = Connect(server.address());
  EXPECT_TRUE(server.AwaitAccepted(2));
}

TEST(ConnectionAcceptorTest, ConnectionFullOfCancelledCallsIsClosed) {
  Server server({});
  const Descriptor attacker = Connect(server.address());
  const Descriptor other = Connect(server.address());
  ASSERT_TRUE(server.AwaitAccepted(2));
  // A HEADERS frame with 40 bytes, then an RST_STREAM frame of the same stream.
  const std::string call = std::string("\x00\x00\x28\x01\x04\x00\x00\x00\x01", 9) +
                           std::string(40, 'h') +
                           std::string("\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08", 13);
  std::string flood;
  for (int i = 0; i < 200; ++i) flood += call;
  ASSERT_EQ(send(attacker.get(), flood.data(), flood.size(), 0),
            static_cast<ssize_t>(flood.size()));
  // A long prompt without cancelled calls is no flood.
  const std::string prompt(flood.size(), 'p');
  ASSERT_EQ(send(other.get(), prompt.data(), prompt.size(), 0),
            static_cast<ssize_t>(prompt.size()));
  EXPECT_TRUE(IsClosed(attacker));
  // Counted after the connection is closed.
  const absl::Time end = absl::Now() + kPatience;
  while (server.floods() == 0 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(server.acceptor().counts().floods, 1);
  EXPECT_EQ(server.floods(), 1);
}

TEST(ConnectionAcceptorTest, AddressMustBeFreeAndComplete) {
  const Server server({});
  const absl::Status used = ConnectionAcceptor::Bind(server.address(), {}).status();
  EXPECT_EQ(used.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(used.message()), testing::HasSubstr(server.address()));
  EXPECT_EQ(ConnectionAcceptor::Bind("50051", {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// A connected client and its socket in the server.
struct Connection {
  // `listener` listens at `address`.
  Connection(const Descriptor& listener, const std::string& address)
      : client(Connect(address)), accepted(accept(listener.get(), nullptr, nullptr)) {}

  // The name that gRPC gives the client.
  std::string peer() const {
    sockaddr_in name{};
    socklen_t size = sizeof(name);
    EXPECT_EQ(getsockname(client.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    return absl::StrCat("ipv4:127.0.0.1:", ntohs(name.sin_port));
  }
  // The client sends so many bytes, and the server reads them.
  void Transfer(size_t bytes) const {
    std::string buffer(bytes, 'p');
    ASSERT_EQ(send(client.get(), buffer.data(), bytes, 0), static_cast<ssize_t>(bytes));
    ASSERT_EQ(recv(accepted.get(), buffer.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
  }

  const Descriptor client;
  const Descriptor accepted;
};

TEST(ConnectionTableTest, TooMuchOfRequestsThatAreNotCompleteIsFound) {
  constexpr size_t kBytes = 100 << 10;
  auto listening = ListenOnHost("127.0.0.1:0");
  ASSERT_TRUE(listening.ok()) << listening.status();
  const Descriptor& listener = listening->sockets.front();
  const Connection attacker(listener, listening->address);
  const Connection other(listener, listening->address);
  ConnectionTable table({.max_unfinished_bytes = kBytes * 3 / 2});
  table.Add(attacker.accepted.get());
  table.Add(other.accepted.get());

  attacker.Transfer(kBytes);
  for (int i = 0; i < 10; ++i) {
    other.Transfer(kBytes);
    // More than the connection has sent is not a credit for later.
    EXPECT_THAT(table.FindFloods({{other.peer(), 2 * kBytes}}), testing::IsEmpty());
  }
  other.Transfer(kBytes / 4);
  EXPECT_THAT(table.FindFloods({}), testing::IsEmpty());
  other.Transfer(kBytes / 2);
  EXPECT_THAT(table.FindFloods({}), testing::ElementsAre(attacker.peer()));
  EXPECT_EQ(table.Ban(attacker.peer(), std::chrono::seconds(1)),
            ConnectionTable::BanResult::kLocal);
  EXPECT_THAT(table.FindFloods({}), testing::IsEmpty());
}

TEST(ConnectionTableTest, LimitLeavesDescriptorsForFiles) {
  EXPECT_EQ(WithinDescriptors({.max_connections = 10}).max_connections, 10);
  EXPECT_LT(WithinDescriptors({.max_connections = 1 << 30}).max_connections, 1 << 30);
}

}  // namespace
}  // namespace assay::server
