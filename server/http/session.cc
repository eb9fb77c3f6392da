// One connection of an HTTP server.
#include "server/http/session.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <functional>
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
constexpr unsigned kVersion10 = 10;
constexpr unsigned kVersion11 = 11;

// kHandshake -> kIdle -> kReading -> kHandling -> kWriting or kStreaming -> kIdle, or kLingering ->
// kClosed. A refusal goes from kReading to kWriting; every state may go to kClosed.
enum class State {
  kHandshake,
  kIdle,
  kReading,
  kHandling,
  kWriting,
  kStreaming,
  kLingering,
  kClosed
};

// The state of a session says which of its optional members have a value.
// NOLINTBEGIN(bugprone-unchecked-optional-access)

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
    if (state_ != State::kHandling) return;
    outbox_ = nullptr;
    Write(std::move(response));
  }

  void BeginStream(HttpResponse head) override {
    if (state_ != State::kHandling) return;
    is_chunked_ = message_version() == kVersion11;
    keep_alive_ = keep_alive_ && is_chunked_ && !host_.stopping();
    head_.emplace(ToWireHead(head, is_chunked_));
    head_->version(message_version());
    head_->keep_alive(keep_alive_);
    head_serializer_.emplace(*head_);
    is_sending_ = true;
    Enter(State::kStreaming, host_.limits().write_timeout);
    http::async_write_header(stream_, *head_serializer_,
                             On([this](error_code error, size_t) { error ? Close() : Sent(); }));
  }

  void Flush() override {
    if (state_ == State::kStreaming && !is_sending_) SendNext();
  }

  void Finish() override {
    if (is_waiting()) Close();
  }

  void Close() override {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    SetGone();
    timer_.cancel();
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    host_.Forget(this);
  }

  bool is_waiting() const override {
    return state_ != State::kHandling && state_ != State::kWriting && state_ != State::kStreaming &&
           state_ != State::kClosed;
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
    if (buffer_.size() > 0) return WithoutWatch([this] { ReadHeader(); });
    Enter(State::kIdle, host_.limits().idle_timeout);
    // The watch of the last request goes on as the wait for the next.
    if (!is_watching_) AwaitFirstByte();
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
      return Refuse(*std::move(refusal));
    }
    request_ = FromWire(message, peer_);
    route_ = host_.router().Find(request_.method, request_.path);
    if (route_ == nullptr) {
      keep_alive_ = parser_->is_done() && message.keep_alive();
      return Refuse(host_.router().Refuse(request_.method, request_.path));
    }
    if (parser_->content_length().value_or(0) > route_->max_body_bytes) {
      return Refuse(BodyTooLarge(route_->max_body_bytes));
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
    outbox_ = host_.Handle(*route_, std::move(request_), this->shared_from_this());
    if (outbox_ != nullptr) Watch();
  }

  // Reads ahead while a handler works, to notice that the client has gone. A client that pipelines
  // more than the buffer holds is watched no further.
  void Watch() {
    if (buffer_.size() + kReadBytes > buffer_.max_size()) return;
    is_watching_ = true;
    stream_.async_read_some(buffer_.prepare(kReadBytes), On([this](error_code error, size_t bytes) {
                              OnWatched(error, bytes);
                            }));
  }

  void OnWatched(error_code error, size_t bytes) {
    is_watching_ = false;
    buffer_.commit(bytes);
    // The end is reported once: another read would wait in vain.
    if (error && error != asio::error::operation_aborted) client_ended_ = true;
    if (after_watch_ != nullptr) return std::exchange(after_watch_, nullptr)();
    switch (state_) {
      case State::kHandling:
      case State::kStreaming:
        // The client may have closed its sending side alone, and still get the response.
        error ? SetGone() : Watch();
        return;
      case State::kIdle:
        error ? Close() : ReadHeader();
        return;
      default:
        return;
    }
  }

  // Calls `next` when nothing is being read.
  void WithoutWatch(std::function<void()> next) {
    if (!is_watching_) return next();
    after_watch_ = std::move(next);
    error_code ignored;
    stream_.lowest_layer().cancel(ignored);
  }

  void SetGone() {
    if (outbox_ != nullptr) outbox_->SetGone();
  }

  // Sends what the handler has written, or waits until it writes more.
  void SendNext() {
    HttpOutbox::Unsent unsent = outbox_->Take();
    const bool has_body = parser_->get().method() != http::verb::head;
    if (!unsent.parts.empty() && has_body) {
      sending_ = std::move(unsent.parts);
      return SendPart();
    }
    if (unsent.ended) return EndStream(unsent.complete, has_body);
    is_sending_ = false;
    timer_.cancel();
  }

  void SendPart() {
    is_sending_ = true;
    Enter(State::kStreaming, host_.limits().write_timeout);
    const auto sent = [this](error_code error, size_t) { error ? Close() : Sent(); };
    if (is_chunked_) {
      asio::async_write(stream_, http::make_chunk(asio::buffer(sending_)), On(sent));
    } else {
      asio::async_write(stream_, asio::buffer(sending_), On(sent));
    }
  }

  void Sent() {
    sending_.clear();
    SendNext();
  }

  void EndStream(bool complete, bool has_body) {
    outbox_ = nullptr;
    if (!complete) return Close();
    if (!is_chunked_ || !has_body) return EndResponse();
    is_sending_ = true;
    Enter(State::kStreaming, host_.limits().write_timeout);
    asio::async_write(stream_, http::make_chunk_last(),
                      On([this](error_code error, size_t) { error ? Close() : EndResponse(); }));
  }

  void EndResponse() {
    const bool serves_on = keep_alive_ && !host_.stopping() && !client_ended_;
    serves_on ? AwaitRequest() : EndOutput();
  }

  void Refuse(HttpResponse plain) { Write(host_.Refusal(std::move(plain), request_.path)); }

  void OnReadError(error_code error) {
    if (timed_out_) return Refuse(RequestTimeout(host_.limits().receive_timeout));
    const uint64_t max_body = route_ == nullptr ? 0 : route_->max_body_bytes;
    std::optional<HttpResponse> refusal =
        RefuseMalformed(error, host_.limits().max_header_bytes, max_body);
    refusal.has_value() ? Refuse(*std::move(refusal)) : Close();
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
                        EndResponse();
                      }));
  }

  unsigned message_version() const {
    return parser_->get().version() == kVersion10 ? kVersion10 : kVersion11;
  }

  void EndOutput() {
    Enter(State::kLingering, kLinger);
    WithoutWatch([this] { ShutDown(); });
  }

  void ShutDown() {
    if constexpr (kIsTls) {
      // This also waits for the client's end.
      stream_.async_shutdown(On([this](error_code) { Close(); }));
    } else {
      error_code ignored;
      stream_.shutdown(Tcp::socket::shutdown_send, ignored);
      host_.stopping() || client_ended_ ? Close() : Discard();
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
  // What the handler writes to; null while there is no handler.
  std::shared_ptr<HttpOutbox> outbox_;
  // True while a read runs beside a handler. `after_watch_` is called when it has ended.
  bool is_watching_ = false;
  std::function<void()> after_watch_;
  bool client_ended_ = false;
  // The streamed response.
  std::optional<http::response<http::empty_body>> head_;
  std::optional<http::response_serializer<http::empty_body>> head_serializer_;
  bool is_chunked_ = false;
  bool is_sending_ = false;
  std::string sending_;
  bool keep_alive_ = false;
  bool timed_out_ = false;
};

// NOLINTEND(bugprone-unchecked-optional-access)

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
