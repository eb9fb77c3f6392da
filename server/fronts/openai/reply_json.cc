// Replies of the OpenAI API.
#include "server/fronts/openai/reply_json.h"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

Json Head(const ReplyHead& head, const char* object) {
  return {{"id", head.id},
          {"object", object},
          {"created", head.created},
          {"model", head.model},
          {"system_fingerprint", nullptr}};
}

Json Bytes(const std::string& text) {
  Json bytes = Json::array();
  for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

Json TokenJson(const TokenLogProbability& one) {
  return {{"token", one.text}, {"logprob", one.log_probability}, {"bytes", Bytes(one.text)}};
}

// The form of chat completions. Null if the request did not ask for log-probabilities.
Json ChatLogProbabilities(const std::vector<TokenLogProbabilities>& tokens) {
  if (tokens.empty()) return nullptr;
  Json content = Json::array();
  for (const TokenLogProbabilities& token : tokens) {
    Json one = TokenJson(token.chosen);
    one["top_logprobs"] = Json::array();
    for (const TokenLogProbability& likely : token.top) {
      one["top_logprobs"].push_back(TokenJson(likely));
    }
    content.push_back(std::move(one));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

// The form of completions: parallel lists.
Json CompletionLogProbabilities(const std::vector<TokenLogProbabilities>& tokens, int64_t offset) {
  if (tokens.empty()) return nullptr;
  Json texts = Json::array();
  Json values = Json::array();
  Json tops = Json::array();
  Json offsets = Json::array();
  for (const TokenLogProbabilities& token : tokens) {
    texts.push_back(token.chosen.text);
    values.push_back(token.chosen.log_probability);
    Json top = Json::object();
    for (const TokenLogProbability& likely : token.top) {
      top[likely.text] = likely.log_probability;
    }
    // The chosen token is always among them.
    top[token.chosen.text] = token.chosen.log_probability;
    tops.push_back(std::move(top));
    offsets.push_back(offset);
    offset += static_cast<int64_t>(token.chosen.text.size());
  }
  return {{"tokens", std::move(texts)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

Json ChatChunk(const ReplyHead& head, Json delta) {
  Json json = Head(head, "chat.completion.chunk");
  json["choices"] = Json::array({{{"index", 0},
                                  {"delta", std::move(delta)},
                                  {"logprobs", nullptr},
                                  {"finish_reason", nullptr}}});
  return json;
}

Json CompletionChunk(const ReplyHead& head, std::string text, int index) {
  Json json = Head(head, "text_completion");
  json["choices"] = Json::array({{{"index", index},
                                  {"text", std::move(text)},
                                  {"logprobs", nullptr},
                                  {"finish_reason", nullptr}}});
  return json;
}

Json Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

TokenUsage Sum(const std::vector<GenerateResult>& results) {
  TokenUsage sum;
  for (const GenerateResult& result : results) {
    sum.prompt_tokens += result.usage.prompt_tokens;
    sum.completion_tokens += result.usage.completion_tokens;
    sum.cached_tokens += result.usage.cached_tokens;
  }
  return sum;
}

}  // namespace

std::string ToText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view FinishWord(FinishReason reason) {
  return reason == FinishReason::kLength ? "length" : "stop";
}

Json UsageJson(const TokenUsage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

Json RouteJson(const registry::RouteDecision& route) {
  Json json = {{"rule", route.rule}, {"reason", route.reason}};
  if (!route.content_type.empty()) json["content_type"] = route.content_type;
  if (!route.tried.empty()) json["tried"] = route.tried;
  if (!route.evidence.has_value()) return json;
  const registry::Evidence& evidence = *route.evidence;
  json["evidence"] = {{"evaluation_id", evidence.evaluation_id},
                      {"revision", evidence.revision},
                      {"scorer", evidence.scorer},
                      {"samples", evidence.samples},
                      {"mean", evidence.mean}};
  if (evidence.ci_low.has_value()) json["evidence"]["ci_low"] = *evidence.ci_low;
  if (evidence.ci_high.has_value()) json["evidence"]["ci_high"] = *evidence.ci_high;
  return json;
}

Json ResultJson(const GenerateResult& result) {
  return {{"route", RouteJson(result.route)},
          {"finish_reason", FinishReasonName(result.finish_reason)},
          {"seed", result.seed},
          {"cost_usd", result.cost_usd},
          {"timings",
           {{"queue_ms", Milliseconds(result.times.queue)},
            {"prefill_ms", Milliseconds(result.times.prefill)},
            {"first_token_ms", Milliseconds(result.times.first_token)},
            {"total_ms", Milliseconds(result.times.total)},
            {"tokens_per_second", result.tokens_per_second}}}};
}

Json ChatReply(const ReplyHead& head, const GenerateResult& result) {
  Json json = Head(head, "chat.completion");
  json["choices"] = Json::array(
      {{{"index", 0},
        {"message", {{"role", "assistant"}, {"content", result.text}, {"refusal", nullptr}}},
        {"logprobs", ChatLogProbabilities(result.log_probabilities)},
        {"finish_reason", FinishWord(result.finish_reason)}}});
  json["usage"] = UsageJson(result.usage);
  json["assay"] = ResultJson(result);
  return json;
}

Json ChatStart(const ReplyHead& head) {
  return ChatChunk(head, {{"role", "assistant"}, {"content", ""}});
}

Json ChatDelta(const ReplyHead& head, const TextDelta& delta) {
  Json json = ChatChunk(head, {{"content", delta.text}});
  json["choices"][0]["logprobs"] = ChatLogProbabilities(delta.log_probabilities);
  return json;
}

Json ChatEnd(const ReplyHead& head, const GenerateResult& result) {
  Json json = ChatChunk(head, Json::object());
  json["choices"][0]["finish_reason"] = FinishWord(result.finish_reason);
  json["assay"] = ResultJson(result);
  return json;
}

Json ChatUsage(const ReplyHead& head, const TokenUsage& usage) {
  Json json = Head(head, "chat.completion.chunk");
  json["choices"] = Json::array();
  json["usage"] = UsageJson(usage);
  return json;
}

Json CompletionReply(const ReplyHead& head, const std::vector<GenerateResult>& results) {
  Json json = Head(head, "text_completion");
  json["choices"] = Json::array();
  Json details = Json::array();
  for (size_t i = 0; i < results.size(); ++i) {
    const GenerateResult& result = results[i];
    json["choices"].push_back(
        {{"index", i},
         {"text", result.text},
         {"logprobs", CompletionLogProbabilities(result.log_probabilities, 0)},
         {"finish_reason", FinishWord(result.finish_reason)}});
    details.push_back(ResultJson(result));
  }
  json["usage"] = UsageJson(Sum(results));
  json["assay"] = details.size() == 1 ? details.front() : std::move(details);
  return json;
}

Json CompletionDelta(const ReplyHead& head, const TextDelta& delta, int64_t offset, int index) {
  Json json = CompletionChunk(head, delta.text, index);
  json["choices"][0]["logprobs"] = CompletionLogProbabilities(delta.log_probabilities, offset);
  return json;
}

Json CompletionEnd(const ReplyHead& head, const GenerateResult& result, int index) {
  Json json = CompletionChunk(head, "", index);
  json["choices"][0]["finish_reason"] = FinishWord(result.finish_reason);
  json["assay"] = ResultJson(result);
  return json;
}

Json CompletionUsage(const ReplyHead& head, const TokenUsage& usage) {
  Json json = Head(head, "text_completion");
  json["choices"] = Json::array();
  json["usage"] = UsageJson(usage);
  return json;
}

Json EmbeddingReply(const EmbedResult& result, bool base64) {
  Json data = Json::array();
  int64_t tokens = 0;
  for (size_t i = 0; i < result.embeddings.size(); ++i) {
    const engine::TextEmbedding& embedding = result.embeddings[i];
    tokens += embedding.tokens;
    Json vector = embedding.vector;
    if (base64) {
      std::string bytes(embedding.vector.size() * sizeof(float), '\0');
      // All supported processors are little-endian.
      std::memcpy(bytes.data(), embedding.vector.data(), bytes.size());
      vector = absl::Base64Escape(bytes);
    }
    data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", std::move(vector)}});
  }
  return {{"object", "list"},
          {"data", std::move(data)},
          {"model", result.model},
          {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}};
}

}  // namespace assay::server
