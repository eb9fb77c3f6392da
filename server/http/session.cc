// One connection of an HTTP server.
#include "server/http/session.h"

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "server/http/wire_message.h"

namespace assay::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using TlsStream = asio::ssl::stream<Tcp::socket>;

// After a last response the client may still send: closing at once would reset the connection, and
// the client could lose the response.
constexpr std::chrono::milliseconds kLinger{2'000};
// The bytes that are read while waiting for a request, and of input that is discarded.
constexpr size_t kReadBytes = 4096;

enum class State { kHandshake, kIdle, kReading, kHandling, kWriting, kLingering, kClosed };

// `Stream` is a plain socket or a TLS stream.
template <class Stream>
class StreamSession final : public HttpSession,
                            public std::enable_shared_from_this<StreamSession<Stream>> {
 public:
  StreamSession(Stream stream, std::string peer, std::shared_ptr<TlsContext> tls,
                HttpSessionHost* host)
      : tls_(std::move(tls)),
        stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        // A full buffer must hold more than the longest header, so that the parser sees its excess.
        buffer_(2 * static_cast<size_t>(host->limits().max_header_bytes)),
        peer_(std::move(peer)),
        host_(*host) {}

  void Start() override {
    Enter(State::kHandshake, host_.limits().receive_timeout);
    if constexpr (kIsTls) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              On([this](error_code error) { error ? Close() : AwaitFirstByte(); }));
    } else {
      AwaitFirstByte();
    }
  }

  void Respond(HttpResponse response) override {
    if (state_ == State::kHandling) Write(std::move(response));
  }

  void Finish() override {
    if (is_waiting()) Close();
  }

  void Close() override {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    timer_.cancel();
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    host_.Forget(this);
  }

  bool is_waiting() const override {
    return state_ != State::kHandling && state_ != State::kWriting && state_ != State::kClosed;
  }
  Clock::time_point waiting_since() const override { return since_; }
  const std::string& peer() const override { return peer_; }

 private:
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;
  using Parser = http::request_parser<http::string_body>;

  // Wraps the end of an operation: it keeps the session alive, and is dropped after Close().
  template <class F>
  auto On(F next) {
    return [self = this->shared_from_this(), next = std::move(next)](error_code error,
                                                                     auto... results) {
      if (self->state_ != State::kClosed) next(error, results...);
    };
  }

  void Enter(State state, std::chrono::milliseconds timeout) {
    state_ = state;
    since_ = Clock::now();
    timer_.expires_after(timeout);
    timer_.async_wait(On([this](error_code error) {
      if (!error && timer_.expiry() <= Clock::now()) OnTimeout();
    }));
  }

  void OnTimeout() {
    if (state_ == State::kHandling) return;
    if (state_ != State::kReading || timed_out_) return Close();
    // The read ends with an error, and then the client gets status 408. The timer ends the session
    // if the cancellation falls between two steps of the read.
    timed_out_ = true;
    Enter(State::kReading, kLinger);
    error_code ignored;
    stream_.lowest_layer().cancel(ignored);
  }

  // Waits for the next request; pipelined ones are in the buffer already.
  void AwaitRequest() {
    if (buffer_.size() > 0) return ReadHeader();
    Enter(State::kIdle, host_.limits().idle_timeout);
    AwaitFirstByte();
  }

  void AwaitFirstByte() {
    stream_.async_read_some(buffer_.prepare(kReadBytes), On([this](error_code error, size_t bytes) {
                              if (error) return Close();
                              buffer_.commit(bytes);
                              ReadHeader();
                            }));
  }

  void ReadHeader() {
    parser_.emplace();
    parser_->header_limit(host_.limits().max_header_bytes);
    // The limit of the body depends on the route, which the header names.
    parser_->body_limit(std::numeric_limits<uint64_t>::max());
    keep_alive_ = false;
    timed_out_ = false;
    route_ = nullptr;
    Enter(State::kReading, host_.limits().receive_timeout);
    http::async_read_header(stream_, buffer_, *parser_, On([this](error_code error, size_t) {
                              error ? OnReadError(error) : OnHeader();
                            }));
  }

  void OnHeader() {
    const auto& message = parser_->get();
    if (std::optional<HttpResponse> refusal = CheckHeader(message)) {
      return Write(*std::move(refusal));
    }
    request_ = FromWire(message, peer_);
    route_ = host_.router().Find(request_.method, request_.path);
    if (route_ == nullptr) {
      keep_alive_ = parser_->is_done() && message.keep_alive();
      return Write(host_.router().Refuse(request_.method, request_.path));
    }
    if (parser_->content_length().value_or(0) > route_->max_body_bytes) {
      return Write(BodyTooLarge(route_->max_body_bytes));
    }
    parser_->body_limit(route_->max_body_bytes);
    if (parser_->is_done()) return Handle();
    ExpectsContinue(message) ? WriteContinue() : ReadBody();
  }

  void WriteContinue() {
    continue_.emplace(http::status::continue_, message_version());
    http::async_write(stream_, *continue_, On([this](error_code error, size_t) {
                        error ? OnReadError(error) : ReadBody();
                      }));
  }

  void ReadBody() {
    if (timed_out_) return OnReadError({});
    http::async_read(stream_, buffer_, *parser_, On([this](error_code error, size_t) {
                       error ? OnReadError(error) : Handle();
                     }));
  }

  void Handle() {
    keep_alive_ = parser_->get().keep_alive();
    request_.body = std::move(parser_->get().body());
    state_ = State::kHandling;
    since_ = Clock::now();
    timer_.cancel();
    host_.Handle(*route_, std::move(request_), this->shared_from_this());
  }

  void OnReadError(error_code error) {
    if (timed_out_) return Write(RequestTimeout(host_.limits().receive_timeout));
    const uint64_t max_body = route_ == nullptr ? 0 : route_->max_body_bytes;
    std::optional<HttpResponse> refusal =
        RefuseMalformed(error, host_.limits().max_header_bytes, max_body);
    refusal.has_value() ? Write(*std::move(refusal)) : Close();
  }

  void Write(HttpResponse response) {
    const bool is_head = parser_->get().method() == http::verb::head;
    keep_alive_ = keep_alive_ && !host_.stopping();
    response_.emplace(ToWire(std::move(response), is_head));
    response_->version(message_version());
    response_->keep_alive(keep_alive_);
    Enter(State::kWriting, host_.limits().write_timeout);
    http::async_write(stream_, *response_, On([this](error_code error, size_t) {
                        if (error) return Close();
                        response_.reset();
                        keep_alive_ && !host_.stopping() ? AwaitRequest() : EndOutput();
                      }));
  }

  unsigned message_version() const {
    constexpr unsigned kVersion10 = 10;
    constexpr unsigned kVersion11 = 11;
    return parser_->get().version() == kVersion10 ? kVersion10 : kVersion11;
  }

  void EndOutput() {
    Enter(State::kLingering, kLinger);
    if constexpr (kIsTls) {
      // This also waits for the client's end.
      stream_.async_shutdown(On([this](error_code) { Close(); }));
    } else {
      error_code ignored;
      stream_.shutdown(Tcp::socket::shutdown_send, ignored);
      host_.stopping() ? Close() : Discard();
    }
  }

  // Discards input until the client's end or the timeout.
  void Discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            On([this](error_code error, size_t) { error ? Close() : Discard(); }));
  }

  const std::shared_ptr<TlsContext> tls_;
  Stream stream_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  const std::string peer_;
  HttpSessionHost& host_;
  State state_ = State::kHandshake;
  Clock::time_point since_ = Clock::now();
  std::optional<Parser> parser_;
  std::optional<http::response<http::empty_body>> continue_;
  std::optional<http::response<http::string_body>> response_;
  HttpRequest request_;
  const HttpRoute* route_ = nullptr;
  bool keep_alive_ = false;
  bool timed_out_ = false;
};

}  // namespace

std::shared_ptr<HttpSession> MakeHttpSession(Tcp::socket socket, std::string peer,
                                             std::shared_ptr<TlsContext> tls,
                                             HttpSessionHost* host) {
  if (tls == nullptr) {
    return std::make_shared<StreamSession<Tcp::socket>>(std::move(socket), std::move(peer), nullptr,
                                                        host);
  }
  TlsStream stream(std::move(socket), *tls);
  return std::make_shared<StreamSession<TlsStream>>(std::move(stream), std::move(peer),
                                                    std::move(tls), host);
}

}  // namespace assay::server
