// A request for text and its result, free of any transport. Every front (gRPC, HTTP, the evaluator)
// converts its own messages to these types and back, once.
#ifndef ASSAY_SERVER_SERVING_GENERATION_TYPES_H_
#define ASSAY_SERVER_SERVING_GENERATION_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "registry/routing/router.h"

namespace assay::server {

// One message of a conversation.
struct ChatMessage {
  // 1 to 32 of a-z, 0-9, _ and -, such as system, user, assistant or tool.
  std::string role;
  std::string content;
  // The text of a JSON object with further fields that the chat template reads, such as tool_calls.
  // A "content" in it replaces `content`. Empty: there are none.
  std::string fields_json;
};

// How the next token is chosen. Unset fields take the engine's defaults, or the model's.
struct SamplingSettings {
  // 0 is greedy, which is the default. At most 2.
  std::optional<float> temperature;
  // Nucleus sampling, in (0, 1]. 1, the default, turns it off.
  std::optional<float> top_p;
  // Only the k most likely tokens are candidates. 0, the default, turns it off.
  std::optional<int> top_k;
  // Drawn at random if unset. The result reports the seed that was used.
  std::optional<uint64_t> seed;
  // True: the other unset fields take what the model's files suggest. Unset: as the model's catalog
  // entry says.
  std::optional<bool> model_defaults;
  // In [0, 1]. 0, the default, turns it off.
  std::optional<float> min_p;
  // In (0, 1]. 1, the default, turns it off.
  std::optional<float> typical_p;
  // In (0, 10]. 1, the default, turns it off.
  std::optional<float> repetition_penalty;
  // In [-2, 2]. 0 turns them off.
  float presence_penalty = 0;
  float frequency_penalty = 0;
  // What is added to the logits of tokens, in [-100, 100]. Each token at most once.
  std::vector<std::pair<int32_t, float>> logit_bias;
  // The least number of tokens of the text.
  int min_tokens = 0;
};

// How likely the model found a token.
struct TokenLogProbability {
  int32_t token = 0;
  // The bytes of the token, which may be a part of a character.
  std::string text;
  // Natural logarithm.
  double log_probability = 0;
};

// How likely the model found a token of the text, and those that it found most likely in its place,
// most likely first.
struct TokenLogProbabilities {
  TokenLogProbability chosen;
  std::vector<TokenLogProbability> top;
};

// A request for text. GenerationService checks it.
struct GenerateCall {
  // The model's id in the catalog. If it is empty, the route of `content_type` chooses the model.
  std::string model;
  std::string content_type;
  // Text of one user turn. Must be empty if `chat` or `prompt_tokens` is set.
  std::string prompt;
  // A conversation, oldest message first.
  std::optional<std::vector<ChatMessage>> chat;
  // The tokens of the prompt, used as they are.
  std::optional<std::vector<int32_t>> prompt_tokens;
  // True: `prompt` is tokenized as it is, without the chat template.
  bool raw = false;
  // The tools that the model may call, as the text of a JSON list. Empty: there are none.
  std::string tools_json;
  // Further variables of the chat template, as the text of a JSON object. Empty: there are none.
  std::string template_variables_json;
  // The name of one of the model's chat templates. Empty: the model's choice.
  std::string chat_template;
  // True: special tokens that are spelled in the prompt or the messages become these tokens.
  bool parse_special = false;
  SamplingSettings sampling;
  // The text ends before the first of these strings. At most 16, each of 1 to 256 bytes.
  std::vector<std::string> stop;
  // The text ends before the first of these tokens. At most 64.
  std::vector<int32_t> stop_token_ids;
  // True: the end-of-text token does not end the text.
  bool ignore_end_of_text = false;
  // How many of the most likely tokens are reported beside each chosen one. 0 to 20. Unset: there
  // are no log-probabilities.
  std::optional<int> log_probabilities;
  // A prompt with more tokens loses its first ones. 0: it is refused if it does not fit.
  int truncate_prompt_tokens = 0;
  // Ends the request with DEADLINE_EXCEEDED. 0: only the caller's deadline and
  // limits.inference_timeout do.
  absl::Duration timeout;
  // 0 stands for limits.default_max_new_tokens.
  int max_new_tokens = 0;
  // Orders the requests of one caller: those of higher priority run first. -100 to 100. At most
  // what the caller is allowed; a higher one counts as that.
  int priority = 0;
  // Requests with the same key go to the same model of a weighted route. At most 256 bytes.
  std::string routing_key;
  // False for measurements: the prefix cache is neither read nor written.
  bool reuse_prefix = true;
};

// Why a text ended.
enum class FinishReason {
  kEndOfText,   // The model produced its end-of-text token.
  kStopString,  // One of GenerateCall::stop.
  kStopToken,   // One of GenerateCall::stop_token_ids.
  kLength,      // max_new_tokens or the model's context was reached.
};
// Returns "end_of_text", "stop_string", "stop_token" or "length".
std::string_view FinishReasonName(FinishReason reason);

struct TokenUsage {
  int prompt_tokens = 0;
  int completion_tokens = 0;
  // The prompt tokens that were found in the prefix cache.
  int cached_tokens = 0;
  // Draft tokens, and those of them that the model accepted.
  int drafted_tokens = 0;
  int accepted_tokens = 0;
};

struct GenerationTimes {
  // The time that the request waited for the model.
  absl::Duration queue;
  absl::Duration prefill;
  // The time from arrival to the first token.
  absl::Duration first_token;
  // The mean time between tokens after the first. Zero with fewer than two tokens.
  absl::Duration per_token;
  // Quantiles of the time from one token to the next. Zero with fewer than two tokens.
  absl::Duration inter_token_p50;
  absl::Duration inter_token_p90;
  absl::Duration inter_token_p99;
  // The time from arrival to the last token.
  absl::Duration total;

  // The time that the model worked on the request.
  absl::Duration Busy() const { return total - queue; }
};

// A finished text.
struct GenerateResult {
  std::string text;
  // Ids of the generated tokens. The end-of-text or stop token is not included.
  std::vector<int32_t> tokens;
  // Those of `tokens`, if the request wants them.
  std::vector<TokenLogProbabilities> log_probabilities;
  FinishReason finish_reason = FinishReason::kEndOfText;
  TokenUsage usage;
  GenerationTimes times;
  // Completion tokens per second of Busy() time. 0 if that time is zero.
  double tokens_per_second = 0;
  // The model that answered, and why it was chosen.
  std::string model;
  registry::RouteDecision route;
  // Sending this seed again repeats the text.
  uint64_t seed = 0;
  // Energy and its price for this request, according to the server's economics settings.
  double cost_usd = 0;
  // True for a base model that read a prompt as it is because it has no chat template.
  bool no_chat_template = false;
};

// A piece of streamed text.
struct TextDelta {
  // Whole UTF-8 characters only.
  std::string text;
  // Ids of the tokens that became text with this piece.
  std::vector<int32_t> tokens;
  // Those of `tokens`, if the request wants them.
  std::vector<TokenLogProbabilities> log_probabilities;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_GENERATION_TYPES_H_
