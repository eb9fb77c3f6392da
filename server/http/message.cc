// Requests and responses of HTTP/1.1.
#include "server/http/message.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace assay::server {
namespace {

constexpr int kInternalServerError = 500;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, View(name))) return header.value;
  }
  return {};
}

HttpResponse PlainText(int status, std::string sentence) {
  sentence += '\n';
  return {.status = status, .body = std::move(sentence)};
}

HttpStream::~HttpStream() {
  if (exchange_ != nullptr) exchange_->End(/*complete=*/false);
}

void HttpStream::End() {
  const auto exchange = std::exchange(exchange_, nullptr);
  exchange->End(/*complete=*/true);
}

HttpReply::~HttpReply() {
  if (exchange_ != nullptr) {
    exchange_->Send(PlainText(kInternalServerError, "The server failed to compute an answer."));
  }
}

void HttpReply::Send(HttpResponse response) {
  const auto exchange = std::exchange(exchange_, nullptr);
  exchange->Send(std::move(response));
}

HttpStream HttpReply::BeginStream(HttpResponse head) {
  auto exchange = std::exchange(exchange_, nullptr);
  exchange->Begin(std::move(head));
  return HttpStream(std::move(exchange));
}

std::function<bool()> HttpReply::client_gone() const {
  return [exchange = exchange_] { return exchange->client_gone(); };
}

}  // namespace assay::server
