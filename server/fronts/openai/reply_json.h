// Replies of the OpenAI API.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_REPLY_JSON_H_
#define ASSAY_SERVER_FRONTS_OPENAI_REPLY_JSON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "registry/routing/router.h"
#include "server/serving/embedding.h"
#include "server/serving/generation_types.h"

namespace assay::server {

// What all parts of a reply have in common.
struct ReplyHead {
  // "chatcmpl-" or "cmpl-" and the id of the request.
  std::string id;
  // In seconds since 1970.
  int64_t created = 0;
  // The id of the model that answers.
  std::string model;
};

// Returns text for the wire. Bytes that are not UTF-8 become U+FFFD.
std::string ToText(const nlohmann::json& json);

// Returns "stop" or "length".
std::string_view FinishWord(FinishReason reason);

nlohmann::json UsageJson(const TokenUsage& usage);
// How the model was selected, with its evidence, and what the request cost. A field of every reply,
// "assay", that other clients ignore.
nlohmann::json RouteJson(const registry::RouteDecision& route);
nlohmann::json ResultJson(const GenerateResult& result);

// A whole chat.completion.
nlohmann::json ChatReply(const ReplyHead& head, const GenerateResult& result);

// The parts of a streamed chat.completion.chunk: the first, one with text, the last one with the
// reason of the end, and the usage.
nlohmann::json ChatStart(const ReplyHead& head);
nlohmann::json ChatDelta(const ReplyHead& head, const TextDelta& delta);
nlohmann::json ChatEnd(const ReplyHead& head, const GenerateResult& result);
nlohmann::json ChatUsage(const ReplyHead& head, const TokenUsage& usage);

// A whole text_completion, with a choice for each result.
nlohmann::json CompletionReply(const ReplyHead& head, const std::vector<GenerateResult>& results);
// The parts of a streamed text_completion. `offset` is the length of the text before `delta` in
// bytes, and `index` that of the prompt.
nlohmann::json CompletionDelta(const ReplyHead& head, const TextDelta& delta, int64_t offset,
                               int index);
nlohmann::json CompletionEnd(const ReplyHead& head, const GenerateResult& result, int index);
nlohmann::json CompletionUsage(const ReplyHead& head, const TokenUsage& usage);

// A list of embeddings. With `base64` each vector is the base64 of its little-endian floats.
nlohmann::json EmbeddingReply(const EmbedResult& result, bool base64);

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_REPLY_JSON_H_
