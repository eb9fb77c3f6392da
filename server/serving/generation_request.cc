// Checks a GenerateCall and converts it to the engine's request.
#include "server/serving/generation_request.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "engine/runtime/generation/sampling_params.h"

namespace assay::server {
namespace {

constexpr size_t kMaxStopStrings = 16;
constexpr size_t kMaxStopTokens = 64;
constexpr size_t kMaxStopBytes = 256;
constexpr size_t kMaxRoleBytes = 32;
constexpr size_t kMaxTemplateNameBytes = 256;
constexpr int kMaxPriority = 100;

absl::Status TooLong(const char* field, size_t bytes, const LimitsConfig& limits) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": has ", bytes, " bytes; the server takes at most ",
                   limits.max_prompt_bytes, " (limits.max_prompt_bytes)"));
}

// Chat templates write roles as they are, so a role must not contain the characters of control
// tokens.
bool IsRole(std::string_view role) {
  return !role.empty() && role.size() <= kMaxRoleBytes &&
         std::all_of(role.begin(), role.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

absl::Status ReadChat(const std::vector<ChatMessage>& chat, const LimitsConfig& limits,
                      engine::Prompt* prompt) {
  if (chat.empty()) {
    return absl::InvalidArgumentError("chat.messages: is empty; give at least one message");
  }
  size_t bytes = 0;
  for (size_t i = 0; i < chat.size(); ++i) {
    const ChatMessage& message = chat[i];
    if (!IsRole(message.role)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "chat.messages[", i, "].role: '", message.role, "' is not 1 to ", kMaxRoleBytes,
          " of a-z, 0-9, _ and -, such as system, user, assistant or tool"));
    }
    bytes += message.content.size() + message.fields_json.size();
    prompt->chat.push_back(
        {.role = message.role, .content = message.content, .fields = message.fields_json});
  }
  if (bytes > static_cast<size_t>(limits.max_prompt_bytes)) return TooLong("chat", bytes, limits);
  if (bytes == 0) return absl::InvalidArgumentError("chat.messages: every content is empty");
  return absl::OkStatus();
}

absl::Status ReadTokens(const std::vector<int32_t>& tokens, const LimitsConfig& limits,
                        engine::Prompt* prompt) {
  if (tokens.empty()) {
    return absl::InvalidArgumentError("prompt_tokens: is empty; give at least one token");
  }
  const size_t bytes = tokens.size() * sizeof(int32_t);
  if (bytes > static_cast<size_t>(limits.max_prompt_bytes)) {
    return TooLong("prompt_tokens", bytes, limits);
  }
  prompt->tokens = tokens;
  return absl::OkStatus();
}

absl::Status ReadPrompt(const GenerateCall& call, const LimitsConfig& limits,
                        engine::Prompt* prompt) {
  if (call.chat.has_value()) {
    if (call.raw) {
      return absl::InvalidArgumentError("raw: is only valid with prompt, not with chat");
    }
    return ReadChat(*call.chat, limits, prompt);
  }
  if (call.prompt_tokens.has_value()) return ReadTokens(*call.prompt_tokens, limits, prompt);
  if (call.prompt.empty()) {
    return absl::InvalidArgumentError("prompt: is empty; give a prompt or chat messages");
  }
  if (call.prompt.size() > static_cast<size_t>(limits.max_prompt_bytes)) {
    return TooLong("prompt", call.prompt.size(), limits);
  }
  prompt->text = call.prompt;
  prompt->raw = call.raw;
  return absl::OkStatus();
}

absl::Status ReadTemplateInputs(const GenerateCall& call, const LimitsConfig& limits,
                                engine::Prompt* prompt) {
  const auto max_bytes = static_cast<size_t>(limits.max_prompt_bytes);
  if (call.tools_json.size() > max_bytes) {
    return TooLong("tools_json", call.tools_json.size(), limits);
  }
  if (call.template_variables_json.size() > max_bytes) {
    return TooLong("template_variables_json", call.template_variables_json.size(), limits);
  }
  if (call.chat_template.size() > kMaxTemplateNameBytes) {
    return absl::InvalidArgumentError(absl::StrCat("chat_template: has ", call.chat_template.size(),
                                                   " bytes; at most ", kMaxTemplateNameBytes));
  }
  if (call.truncate_prompt_tokens < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "truncate_prompt_tokens: ", call.truncate_prompt_tokens, " is negative; give 1 or more"));
  }
  prompt->max_tokens = call.truncate_prompt_tokens;
  const bool for_template = !call.tools_json.empty() || !call.template_variables_json.empty() ||
                            !call.chat_template.empty();
  if (call.raw && for_template) {
    return absl::InvalidArgumentError(
        "raw: excludes chat_template, and tools_json and template_variables_json, which a chat "
        "template reads");
  }
  prompt->chat_template = call.chat_template;
  prompt->parse_special = call.parse_special;
  prompt->tools = call.tools_json;
  prompt->variables = call.template_variables_json;
  return absl::OkStatus();
}

absl::Status CheckStop(const std::vector<std::string>& stop,
                       const std::vector<int32_t>& stop_token_ids) {
  if (stop_token_ids.size() > kMaxStopTokens) {
    return absl::InvalidArgumentError(absl::StrCat("stop_token_ids: has ", stop_token_ids.size(),
                                                   " tokens; at most ", kMaxStopTokens));
  }
  if (stop.size() > kMaxStopStrings) {
    return absl::InvalidArgumentError(
        absl::StrCat("stop: has ", stop.size(), " strings; at most ", kMaxStopStrings));
  }
  for (size_t i = 0; i < stop.size(); ++i) {
    const size_t size = stop[i].size();
    if (size == 0 || size > kMaxStopBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("stop[", i, "]: has ", size, " bytes; it must have 1 to ", kMaxStopBytes));
    }
  }
  return absl::OkStatus();
}

// Each request needs a seed, and a random_device is slow to make.
uint32_t RandomSeed() {
  thread_local std::mt19937 generator{std::random_device()()};
  return static_cast<uint32_t>(generator());
}

absl::Status ReadSampling(const GenerateCall& call, engine::SamplingParams* out) {
  const SamplingSettings& settings = call.sampling;
  out->temperature = settings.temperature.value_or(out->temperature);
  out->top_p = settings.top_p.value_or(out->top_p);
  out->top_k = settings.top_k.value_or(out->top_k);
  out->min_p = settings.min_p.value_or(out->min_p);
  out->typical_p = settings.typical_p.value_or(out->typical_p);
  out->repetition_penalty = settings.repetition_penalty.value_or(out->repetition_penalty);
  out->presence_penalty = settings.presence_penalty;
  out->frequency_penalty = settings.frequency_penalty;
  for (const auto& [token, bias] : settings.logit_bias) {
    out->logit_bias.push_back({.token = token, .bias = bias});
  }
  out->min_tokens = settings.min_tokens;
  if (call.log_probabilities.has_value()) {
    if (*call.log_probabilities < 0) {
      return absl::InvalidArgumentError(absl::StrCat("log_probabilities: ", *call.log_probabilities,
                                                     " is negative; give 0 to ",
                                                     engine::kMaxTopLogProbabilities));
    }
    out->log_probabilities = *call.log_probabilities;
  }
  out->seed = settings.seed.has_value() ? *settings.seed : RandomSeed();
  return engine::ValidateSampling(*out);
}

}  // namespace

absl::StatusOr<engine::GenerationRequest> ToEngineRequest(const GenerateCall& call,
                                                          const LimitsConfig& limits) {
  engine::GenerationRequest out;
  RETURN_IF_ERROR(ReadPrompt(call, limits, &out.prompt));
  RETURN_IF_ERROR(ReadTemplateInputs(call, limits, &out.prompt));
  RETURN_IF_ERROR(ReadSampling(call, &out.sampling));
  RETURN_IF_ERROR(CheckStop(call.stop, call.stop_token_ids));
  out.stop = call.stop;
  out.stop_tokens = call.stop_token_ids;
  out.ignore_end_of_text = call.ignore_end_of_text;
  if (call.priority < -kMaxPriority || call.priority > kMaxPriority) {
    return absl::InvalidArgumentError(absl::StrCat("priority: ", call.priority,
                                                   " is out of range; give -", kMaxPriority, " to ",
                                                   kMaxPriority));
  }
  out.priority = call.priority;
  if (call.timeout < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("timeout_seconds: ", absl::ToDoubleSeconds(call.timeout),
                     " is negative; give seconds, or 0 for none"));
  }
  const int tokens = call.max_new_tokens;
  if (tokens < 0 || tokens > limits.max_new_tokens) {
    return absl::InvalidArgumentError(absl::StrCat(
        "max_new_tokens: ", tokens, " is out of range; give 1 to ", limits.max_new_tokens,
        " (limits.max_new_tokens), or 0 for the default of ", limits.default_max_new_tokens));
  }
  out.max_new_tokens = tokens == 0 ? limits.default_max_new_tokens : tokens;
  out.reuse_prefix = call.reuse_prefix;
  return out;
}

}  // namespace assay::server
