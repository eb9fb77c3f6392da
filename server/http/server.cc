// An HTTP/1.1 server for a few routes, on Boost.Beast.
#include "server/http/server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <sstream>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "server/http/listener.h"
#include "server/http/session.h"
#include "server/http/wire_message.h"
#include "server/tls/tls_contexts.h"

namespace assay::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr int kServiceUnavailable = 503;
constexpr char kRetryAfterSeconds[] = "1";
// After an error of accept(), such as no free descriptor, the next try waits so long.
constexpr std::chrono::milliseconds kAcceptPause{100};
// The most bytes that are taken from a connection before it is refused.
constexpr size_t kDiscardedBytes = 4096;

// The IP address of a socket's client, and whether it is this machine.
struct Peer {
  std::string address;
  bool is_local = false;
};

Peer PeerOf(const Tcp::socket& socket) {
  error_code error;
  const Tcp::endpoint endpoint = socket.remote_endpoint(error);
  if (error) return {};
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return {.address = address.to_string(), .is_local = address.is_loopback()};
}

HttpResponse TooMany(const char* what) {
  HttpResponse response = PlainText(kServiceUnavailable,
                                    absl::StrCat("The server has too many ", what, "; try later."));
  response.headers.push_back({.name = "Retry-After", .value = kRetryAfterSeconds});
  return response;
}

// Answers without waiting for the socket, which is closed afterwards.
void Refuse(Tcp::socket* socket, bool is_tls, HttpResponse refusal) {
  error_code ignored;
  socket->non_blocking(true, ignored);
  if (is_tls) return;
  WireResponse response = ToWire(std::move(refusal), /*is_head=*/false);
  response.keep_alive(false);
  std::ostringstream text;
  text << response;
  socket->write_some(asio::buffer(text.str()), ignored);
  socket->shutdown(Tcp::socket::shutdown_send, ignored);
  // Closing with unread input would reset the connection.
  std::array<char, kDiscardedBytes> discarded{};
  socket->read_some(asio::buffer(discarded), ignored);
}

}  // namespace

// Everything that the server's threads share. Replies hold it weakly, because they may outlive the
// server. All members but the counter of handlers belong to the thread that runs `io_`.
class HttpServer::Core final : public HttpSessionHost, public std::enable_shared_from_this<Core> {
 public:
  explicit Core(HttpServerOptions options)
      : options_(std::move(options)),
        acceptor_(io_),
        accept_pause_(io_),
        grace_(io_),
        handlers_(static_cast<size_t>(options_.handler_threads)) {}

  absl::StatusOr<int> Listen(const HostAndPort& address) {
    RETURN_IF_ERROR(server::Listen(address, &io_, &acceptor_));
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

  void Run() {
    Accept();
    thread_ = std::thread([this] {
      // A request that finds no memory must not end the process.
      while (!io_.stopped()) {
        try {
          io_.run();
        } catch (const std::exception&) {
          continue;
        }
      }
    });
  }

  void Stop() {
    asio::post(io_, [this] { BeginStop(); });
    thread_.join();
    handlers_.stop();
    handlers_.join();
  }

  const HttpLimits& limits() const override { return options_.limits; }
  const HttpRouter& router() const override { return options_.router; }
  bool stopping() const override { return stopping_; }
  std::shared_ptr<HttpOutbox> Handle(const HttpRoute& route, HttpRequest request,
                                     const std::shared_ptr<HttpSession>& session) override;
  HttpResponse Refusal(HttpResponse plain, const std::string& path) const override;
  void Forget(const HttpSession* session) override;

 private:
  class Exchange;
  void Accept();
  void OnAccept(Tcp::socket socket);
  // Returns true if one more connection fits, after closing one that waits if need be.
  bool MakeSpace(const Peer& peer);
  void BeginStop();
  void StopIfIdle() {
    if (stopping_ && sessions_.empty()) io_.stop();
  }

  const HttpServerOptions options_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  asio::steady_timer accept_pause_;
  asio::steady_timer grace_;
  bool stopping_ = false;
  std::unordered_map<const HttpSession*, std::shared_ptr<HttpSession>> sessions_;
  // The connections of other machines, by address.
  std::unordered_map<std::string, int> by_address_;
  std::atomic<int> pending_ = 0;
  asio::thread_pool handlers_;
  std::thread thread_;
};

void HttpServer::Core::Accept() {
  acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
    if (stopping_) return;
    if (!error) {
      Accept();
      return OnAccept(std::move(socket));
    }
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([this](error_code) {
      if (!stopping_) Accept();
    });
  });
}

bool HttpServer::Core::MakeSpace(const Peer& peer) {
  const HttpLimits& limits = options_.limits;
  if (limits.max_per_address > 0 && !peer.is_local) {
    const auto found = by_address_.find(peer.address);
    if (found != by_address_.end() && found->second >= limits.max_per_address) return false;
  }
  if (std::ssize(sessions_) < limits.max_connections) return true;
  HttpSession* longest = nullptr;
  for (const auto& [at, session] : sessions_) {
    if (!session->is_waiting()) continue;
    if (longest == nullptr || session->waiting_since() < longest->waiting_since()) {
      longest = session.get();
    }
  }
  if (longest == nullptr) return false;
  longest->Close();
  return true;
}

void HttpServer::Core::OnAccept(Tcp::socket socket) {
  const Peer peer = PeerOf(socket);
  const bool is_tls = options_.tls != nullptr;
  if (!MakeSpace(peer)) {
    return Refuse(&socket, is_tls, Refusal(TooMany("connections"), /*path=*/""));
  }
  error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  auto session = MakeHttpSession(std::move(socket), peer.address,
                                 is_tls ? options_.tls->newest() : nullptr, this);
  sessions_.emplace(session.get(), session);
  ++by_address_[peer.address];
  session->Start();
}

void HttpServer::Core::Forget(const HttpSession* session) {
  const auto count = by_address_.find(session->peer());
  if (--count->second == 0) by_address_.erase(count);
  sessions_.erase(session);
  StopIfIdle();
}

// One request on its way through a handler. The handler writes on its thread, and the session reads
// on the server's.
class HttpServer::Core::Exchange final : public HttpExchange,
                                         public HttpOutbox,
                                         public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::weak_ptr<Core> core, std::weak_ptr<HttpSession> session, size_t max_unsent_bytes)
      : core_(std::move(core)), session_(std::move(session)), max_unsent_bytes_(max_unsent_bytes) {}

  void Send(HttpResponse response) override {
    Leave();
    Post([response = std::move(response)](HttpSession& session) mutable {
      session.Respond(std::move(response));
    });
  }

  void Begin(HttpResponse head) override {
    Post([head = std::move(head)](HttpSession& session) mutable {
      session.BeginStream(std::move(head));
    });
  }

  bool Write(std::string part) override ABSL_LOCKS_EXCLUDED(mutex_) {
    if (client_gone()) return false;
    const MutexLock lock(mutex_);
    if (unsent_.parts.size() + part.size() > max_unsent_bytes_) {
      gone_ = true;
      Post([](HttpSession& session) { session.Close(); });
      return false;
    }
    unsent_.parts += part;
    PostFlush();
    return true;
  }

  void End(bool complete) override ABSL_LOCKS_EXCLUDED(mutex_) {
    Leave();
    const MutexLock lock(mutex_);
    unsent_.ended = true;
    unsent_.complete = complete;
    PostFlush();
  }

  bool client_gone() const override { return gone_.load(std::memory_order_relaxed); }

  Unsent Take() override ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    is_posted_ = false;
    Unsent taken = unsent_;
    unsent_.parts.clear();
    return taken;
  }

  void SetGone() override { gone_ = true; }

 private:
  // The request no longer counts as one without an answer.
  void Leave() {
    if (const std::shared_ptr<Core> core = core_.lock()) --core->pending_;
  }

  void PostFlush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(is_posted_, true)) return;
    Post([](HttpSession& session) { session.Flush(); });
  }

  template <class Use>
  void Post(Use use) {
    const std::shared_ptr<Core> core = core_.lock();
    if (core == nullptr) return;
    asio::post(core->io_, [weak = session_, use = std::move(use)]() mutable {
      if (const auto session = weak.lock()) use(*session);
    });
  }

  const std::weak_ptr<Core> core_;
  const std::weak_ptr<HttpSession> session_;
  const size_t max_unsent_bytes_;
  std::atomic<bool> gone_ = false;
  absl::Mutex mutex_;
  Unsent unsent_ ABSL_GUARDED_BY(mutex_);
  // True if the session will take what waits.
  bool is_posted_ ABSL_GUARDED_BY(mutex_) = false;
};

std::shared_ptr<HttpOutbox> HttpServer::Core::Handle(const HttpRoute& route, HttpRequest request,
                                                     const std::shared_ptr<HttpSession>& session) {
  if (pending_.fetch_add(1) >= options_.limits.max_pending) {
    --pending_;
    session->Respond(Refusal(TooMany("requests"), request.path));
    return nullptr;
  }
  auto exchange =
      std::make_shared<Exchange>(weak_from_this(), session, options_.limits.max_unsent_bytes);
  asio::post(handlers_,
             [&route, request = std::move(request), reply = HttpReply(exchange)]() mutable {
               try {
                 route.handler(std::move(request), std::move(reply));
               } catch (const std::exception&) {
                 // The reply that was moved into the handler has sent status 500 when it was
                 // destroyed, and a stream has ended before its time.
                 return;
               }
             });
  return exchange;
}

HttpResponse HttpServer::Core::Refusal(HttpResponse plain, const std::string& path) const {
  if (options_.refuse == nullptr) return plain;
  std::string_view sentence = plain.body;
  if (sentence.ends_with('\n')) sentence.remove_suffix(1);
  HttpResponse refusal = options_.refuse(plain.status, sentence, path);
  refusal.headers.insert(refusal.headers.end(), plain.headers.begin(), plain.headers.end());
  return refusal;
}

void HttpServer::Core::BeginStop() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  std::vector<std::shared_ptr<HttpSession>> open;
  open.reserve(sessions_.size());
  for (const auto& [at, session] : sessions_) open.push_back(session);
  for (const auto& session : open) session->Finish();
  grace_.expires_after(options_.limits.stop_grace);
  grace_.async_wait([this](error_code) {
    std::vector<std::shared_ptr<HttpSession>> left;
    left.reserve(sessions_.size());
    for (const auto& [at, session] : sessions_) left.push_back(session);
    // Their handlers notice.
    for (const auto& session : left) session->Close();
    io_.stop();
  });
  StopIfIdle();
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options) {
  ASSIGN_OR_RETURN(const HostAndPort address, ParseHostAndPort(options.address));
  auto core = std::make_shared<Core>(std::move(options));
  ASSIGN_OR_RETURN(const int port, core->Listen(address));
  core->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core), address.host, port));
}

HttpServer::HttpServer(std::shared_ptr<Core> core, std::string host, int port)
    : core_(std::move(core)), host_(std::move(host)), port_(port) {}

HttpServer::~HttpServer() { core_->Stop(); }

}  // namespace assay::server
