// Counts the tokens of a request for the quota of its key.
#include "server/serving/token_charge.h"

#include <iterator>

#include "absl/time/clock.h"
#include "server/access/key_meter.h"

namespace assay::server {
namespace {

// This is the mean of English text; other languages have fewer.
constexpr size_t kBytesPerToken = 4;

size_t PromptBytes(const GenerateCall& call) {
  size_t bytes = call.prompt.size() + call.tools_json.size() + call.template_variables_json.size();
  if (call.prompt_tokens.has_value()) bytes += kBytesPerToken * call.prompt_tokens->size();
  if (!call.chat.has_value()) return bytes;
  for (const auto& message : *call.chat) bytes += message.content.size();
  return bytes;
}

}  // namespace

void ChargeTokens(const Caller& caller, int64_t tokens) {
  if (caller.meter != nullptr) caller.meter->AddTokens(tokens, absl::Now());
}

int64_t EstimateTokens(size_t bytes) {
  return static_cast<int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken);
}

void ChargedObserver::OnStarted(const registry::RouteDecision& route,
                                const registry::Handle& model) {
  started_ = true;
  if (inner_ != nullptr) inner_->OnStarted(route, model);
}

bool ChargedObserver::OnText(const TextDelta& delta) {
  generated_ += std::ssize(delta.tokens);
  return inner_ == nullptr || inner_->OnText(delta);
}

void ChargedObserver::Charge(const absl::StatusOr<GenerateResult>& result) const {
  if (result.ok()) {
    ChargeTokens(caller_, result->usage.prompt_tokens + result->usage.completion_tokens);
  } else if (started_) {
    ChargeTokens(caller_, EstimateTokens(PromptBytes(call_)) + generated_);
  }
}

}  // namespace assay::server
