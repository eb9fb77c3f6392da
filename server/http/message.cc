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

HttpReply::~HttpReply() {
  if (send_ != nullptr) {
    send_(PlainText(kInternalServerError, "The server failed to compute an answer."));
  }
}

void HttpReply::Send(HttpResponse response) {
  const SendFn send = std::exchange(send_, nullptr);
  send(std::move(response));
}

}  // namespace assay::server
