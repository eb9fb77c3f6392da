// Requests of /v1/chat/completions and /v1/completions.
#include "server/fronts/openai/chat_request.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "server/fronts/openai/request_fields.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int kMaxTopLogProbabilities = 20;
constexpr size_t kMaxPrompts = 64;
constexpr double kMaxTimeoutSeconds = 86400;
constexpr std::string_view kAuto = "auto";

std::optional<float> Float(RequestFields& fields, const char* key) {
  const std::optional<double> number = fields.Number(key);
  return number.has_value() ? std::optional(static_cast<float>(*number)) : std::nullopt;
}

void ReadLogitBias(RequestFields& fields, SamplingSettings* sampling) {
  const Json* const biases = fields.Any("logit_bias");
  if (biases == nullptr) return;
  if (!biases->is_object()) return fields.Fail("logit_bias", "is not an object of token ids");
  for (const auto& [token, bias] : biases->items()) {
    int32_t id = 0;
    if (!absl::SimpleAtoi(token, &id) || !bias.is_number()) {
      return fields.Fail("logit_bias", absl::StrCat("has '", token, "': ", engine::ShortJson(bias),
                                                    "; give token ids with numbers"));
    }
    sampling->logit_bias.emplace_back(id, bias.get<float>());
  }
}

void ReadStop(RequestFields& fields, GenerateCall* call) {
  const Json* const stop = fields.Any("stop");
  if (stop == nullptr) return;
  if (stop->is_string()) {
    call->stop.push_back(stop->get<std::string>());
    return;
  }
  const auto is_string = [](const Json& one) { return one.is_string(); };
  if (!stop->is_array() || !std::all_of(stop->begin(), stop->end(), is_string)) {
    return fields.Fail("stop", "is neither a string nor a list of strings");
  }
  call->stop = stop->get<std::vector<std::string>>();
}

// Returns the token ids of a list, or nullopt if it has anything else.
std::optional<std::vector<int32_t>> TokenList(const Json& list) {
  std::vector<int32_t> ids;
  for (const Json& one : list) {
    if (!one.is_number_integer() || one < 0 || one > kMaxInt) return std::nullopt;
    ids.push_back(one.get<int32_t>());
  }
  return ids;
}

// Reads what both kinds of requests have. Fields that other servers have beside OpenAI's (vLLM,
// llama.cpp) have their names.
void ReadCommon(RequestFields& fields, GenerateCall* call, ReplyOptions* reply) {
  SetModel(fields.String("model").value_or(std::string(kAuto)), call);
  SamplingSettings& sampling = call->sampling;
  sampling.temperature = Float(fields, "temperature");
  sampling.top_p = Float(fields, "top_p");
  if (const auto top_k = fields.Int("top_k", -1, kMaxInt)) {
    // vLLM writes -1 for off.
    sampling.top_k = std::max(0, static_cast<int>(*top_k));
  }
  sampling.min_p = Float(fields, "min_p");
  sampling.typical_p = Float(fields, "typical_p");
  sampling.repetition_penalty = Float(fields, "repetition_penalty");
  sampling.presence_penalty = Float(fields, "presence_penalty").value_or(0.0F);
  sampling.frequency_penalty = Float(fields, "frequency_penalty").value_or(0.0F);
  ReadLogitBias(fields, &sampling);
  if (const auto tokens = fields.Int("min_tokens", 0, kMaxInt)) {
    sampling.min_tokens = static_cast<int>(*tokens);
  }
  if (const auto seed = fields.Int("seed", std::numeric_limits<int64_t>::min(),
                                   std::numeric_limits<int64_t>::max())) {
    sampling.seed = static_cast<uint64_t>(*seed);
  }
  ReadStop(fields, call);
  if (const Json* const ids = fields.Any("stop_token_ids"); ids != nullptr) {
    std::optional<std::vector<int32_t>> tokens = ids->is_array() ? TokenList(*ids) : std::nullopt;
    if (!tokens.has_value()) fields.Fail("stop_token_ids", "is not a list of token ids");
    call->stop_token_ids = tokens.value_or(std::vector<int32_t>());
  }
  call->ignore_end_of_text = fields.Bool("ignore_eos").value_or(false);
  if (const auto tokens = fields.Int("truncate_prompt_tokens", 1, kMaxInt)) {
    call->truncate_prompt_tokens = static_cast<int>(*tokens);
  }
  if (const auto priority = fields.Int("priority", -100, 100)) {
    call->priority = static_cast<int>(*priority);
  }
  if (const auto seconds = fields.Number("timeout")) {
    if (*seconds > 0 && *seconds <= kMaxTimeoutSeconds) {
      call->timeout = absl::Seconds(*seconds);
    } else {
      fields.Fail("timeout", absl::StrCat("is ", *seconds, "; give seconds above 0, up to ",
                                          kMaxTimeoutSeconds));
    }
  }
  // The same person gets the same model of a weighted route.
  call->routing_key = fields.String("user").value_or("");
  fields.Refuse("n", "send the request again for another text", 1);
  reply->stream = fields.Bool("stream").value_or(false);
  if (const Json* const options = fields.Any("stream_options"); options != nullptr) {
    if (!options->is_object()) return fields.Fail("stream_options", "is not an object");
    if (!reply->stream) return fields.Fail("stream_options", "is only for stream: true");
    RequestFields inner(*options, fields.Path("stream_options"));
    reply->include_usage = inner.Bool("include_usage").value_or(false);
    inner.Refuse("continuous_usage_stats", "include_usage reports it at the end", false);
    inner.Ignore({"include_obfuscation"});
    if (const absl::Status status = inner.Finish(); !status.ok()) {
      fields.Fail("stream_options", std::string(status.message()));
    }
  }
}

// Returns the text of a message's content: a string, or a list of text parts.
absl::StatusOr<std::string> ReadContent(const Json& content, const std::string& path) {
  if (content.is_null()) return std::string();
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return FieldError(path, "is neither a string nor a list of parts");
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    const Json& part = content[i];
    const std::string at = absl::StrCat(path, "[", i, "]");
    if (!part.is_object()) return FieldError(at, "is not an object");
    const Json type = part.value("type", Json());
    if (type != "text" && type != "refusal") {
      return FieldError(absl::StrCat(at, ".type"),
                        absl::StrCat(engine::ShortJson(type),
                                     " is not supported; models here read text parts only"));
    }
    const Json words = part.value(type.get<std::string>(), Json());
    if (!words.is_string()) return FieldError(absl::StrCat(at, ".text"), "is not a string");
    absl::StrAppend(&text, words.get<std::string>());
  }
  return text;
}

absl::StatusOr<ChatMessage> ReadMessage(const Json& json, const std::string& path) {
  if (!json.is_object()) return FieldError(path, "is not an object");
  RequestFields fields(json, path);
  ChatMessage message;
  const std::optional<std::string> role = fields.String("role");
  if (!role.has_value()) fields.Fail("role", "is missing; give system, user, assistant or tool");
  message.role = role.value_or("");
  // OpenAI's name of a system message for its newest models.
  if (message.role == "developer") message.role = "system";
  const Json* const content = fields.Any("content");
  ASSIGN_OR_RETURN(message.content,
                   ReadContent(content == nullptr ? Json() : *content, fields.Path("content")));
  Json more = Json::object();
  for (const char* key : {"name", "tool_calls", "tool_call_id", "reasoning_content"}) {
    if (const Json* const value = fields.Any(key); value != nullptr) more[key] = *value;
  }
  if (!more.empty()) message.fields_json = more.dump();
  fields.Refuse("audio", "models here read text only");
  fields.Refuse("function_call", "give tool_calls");
  fields.Ignore({"refusal", "annotations"});
  RETURN_IF_ERROR(fields.Finish());
  return message;
}

absl::Status ReadMessages(const Json* messages, GenerateCall* call) {
  if (messages == nullptr) return FieldError("messages", "is missing");
  if (!messages->is_array()) return FieldError("messages", "is not a list");
  call->chat.emplace();
  for (size_t i = 0; i < messages->size(); ++i) {
    ASSIGN_OR_RETURN(ChatMessage message,
                     ReadMessage((*messages)[i], absl::StrCat("messages[", i, "]")));
    call->chat->push_back(std::move(message));
  }
  return absl::OkStatus();
}

void ReadTools(RequestFields& fields, GenerateCall* call) {
  const Json* const tools = fields.Any("tools");
  const Json* const choice = fields.Any("tool_choice");
  if (tools != nullptr && !tools->is_array()) return fields.Fail("tools", "is not a list");
  if (choice != nullptr && *choice != "auto" && *choice != "none") {
    return fields.Fail("tool_choice", absl::StrCat(engine::ShortJson(*choice),
                                                   " is not supported; give auto or none"));
  }
  const bool uses_tools = choice == nullptr || *choice == "auto";
  if (tools != nullptr && !tools->empty() && uses_tools) call->tools_json = tools->dump();
}

void ReadMaxTokens(RequestFields& fields, std::initializer_list<const char*> keys,
                   GenerateCall* call) {
  for (const char* key : keys) {
    if (const auto tokens = fields.Int(key, 1, kMaxInt)) {
      call->max_new_tokens = static_cast<int>(*tokens);
    }
  }
}

}  // namespace

void SetModel(const std::string& name, GenerateCall* call) {
  call->model.clear();
  call->content_type.clear();
  if (name == kAuto) return;
  if (name.starts_with("auto:")) {
    call->content_type = name.substr(kAuto.size() + 1);
  } else {
    call->model = name;
  }
}

absl::StatusOr<ChatRequest> ReadChatRequest(const Json& body) {
  RequestFields fields(body);
  ChatRequest request;
  GenerateCall& call = request.call;
  ReadCommon(fields, &call, &request.reply);
  RETURN_IF_ERROR(ReadMessages(fields.Any("messages"), &call));
  ReadTools(fields, &call);
  ReadMaxTokens(fields, {"max_tokens", "max_completion_tokens"}, &call);
  const bool wants_log_probabilities = fields.Bool("logprobs").value_or(false);
  const auto top = fields.Int("top_logprobs", 0, kMaxTopLogProbabilities);
  if (wants_log_probabilities) call.log_probabilities = static_cast<int>(top.value_or(0));
  if (top.has_value() && !wants_log_probabilities) {
    fields.Fail("top_logprobs", "is only for logprobs: true");
  }
  if (const Json* const variables = fields.Any("chat_template_kwargs"); variables != nullptr) {
    if (!variables->is_object()) fields.Fail("chat_template_kwargs", "is not an object");
    call.template_variables_json = variables->dump();
  }
  if (const Json* const format = fields.Any("response_format"); format != nullptr) {
    const bool is_text = format->is_object() && format->value("type", Json()) == "text";
    if (!is_text) {
      fields.Fail("response_format",
                  absl::StrCat(engine::ShortJson(*format), " is not supported; only text is"));
    }
  }
  fields.Refuse("functions", "give tools");
  fields.Refuse("function_call", "give tool_choice");
  fields.Refuse("audio", "models here write text only");
  fields.Refuse("web_search_options", "there is no web search");
  fields.Refuse("modalities", "models here write text only", Json::array({"text"}));
  fields.Ignore({"metadata", "store", "service_tier", "parallel_tool_calls", "prediction",
                 "reasoning_effort", "verbosity", "safety_identifier", "prompt_cache_key"});
  RETURN_IF_ERROR(fields.Finish());
  return request;
}

absl::StatusOr<CompletionRequest> ReadCompletionRequest(const Json& body) {
  RequestFields fields(body);
  CompletionRequest request;
  GenerateCall call{.raw = true};
  ReadCommon(fields, &call, &request.reply);
  ReadMaxTokens(fields, {"max_tokens"}, &call);
  if (const auto top = fields.Int("logprobs", 0, kMaxTopLogProbabilities)) {
    call.log_probabilities = static_cast<int>(*top);
  }
  fields.Refuse("echo", "the prompt is not repeated", false);
  fields.Refuse("suffix", "texts are only continued");
  fields.Refuse("best_of", "send the request again for another text", 1);
  const Json* const prompt = fields.Any("prompt");
  RETURN_IF_ERROR(fields.Finish());

  if (prompt == nullptr) return FieldError("prompt", "is missing");
  const auto add_text = [&](const Json& text) {
    request.calls.push_back(call);
    request.calls.back().prompt = text.get<std::string>();
  };
  const auto add_tokens = [&](std::vector<int32_t> tokens) {
    request.calls.push_back(call);
    request.calls.back().raw = false;
    request.calls.back().prompt_tokens = std::move(tokens);
  };
  if (prompt->is_string()) {
    add_text(*prompt);
    return request;
  }
  const char* const kForms = "is neither a string, a list of strings, nor token ids";
  if (!prompt->is_array() || prompt->empty()) return FieldError("prompt", kForms);
  if (prompt->front().is_number()) {
    std::optional<std::vector<int32_t>> tokens = TokenList(*prompt);
    if (!tokens.has_value()) return FieldError("prompt", kForms);
    add_tokens(*std::move(tokens));
    return request;
  }
  if (prompt->size() > kMaxPrompts) {
    return FieldError("prompt",
                      absl::StrCat("has ", prompt->size(), " prompts; at most ", kMaxPrompts));
  }
  for (const Json& one : *prompt) {
    std::optional<std::vector<int32_t>> tokens = one.is_array() ? TokenList(one) : std::nullopt;
    if (one.is_string()) {
      add_text(one);
    } else if (tokens.has_value()) {
      add_tokens(*std::move(tokens));
    } else {
      return FieldError("prompt", kForms);
    }
  }
  return request;
}

}  // namespace assay::server
