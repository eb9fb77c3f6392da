// Checks a GenerateCall and converts it to the engine's request.
#include "server/serving/generation_request.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/runtime/generation/sampling.h"

namespace assay::server {
namespace {

constexpr size_t kMaxStopStrings = 16;
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

absl::Status ReadPrompt(const GenerateCall& call, const LimitsConfig& limits,
                        engine::Prompt* prompt) {
  if (call.chat.has_value()) {
    if (call.raw) {
      return absl::InvalidArgumentError("raw: is only valid with prompt, not with chat");
    }
    return ReadChat(*call.chat, limits, prompt);
  }
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

absl::Status CheckStop(const std::vector<std::string>& stop) {
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

absl::Status ReadSampling(const SamplingSettings& settings, engine::SamplingParams* out) {
  out->temperature = settings.temperature.value_or(out->temperature);
  out->top_p = settings.top_p.value_or(out->top_p);
  out->top_k = settings.top_k.value_or(out->top_k);
  out->seed = settings.seed.has_value() ? *settings.seed : std::random_device()();
  return engine::ValidateSampling(*out);
}

}  // namespace

absl::StatusOr<engine::GenerationRequest> ToEngineRequest(const GenerateCall& call,
                                                          const LimitsConfig& limits) {
  engine::GenerationRequest out;
  RETURN_IF_ERROR(ReadPrompt(call, limits, &out.prompt));
  RETURN_IF_ERROR(ReadTemplateInputs(call, limits, &out.prompt));
  RETURN_IF_ERROR(ReadSampling(call.sampling, &out.sampling));
  RETURN_IF_ERROR(CheckStop(call.stop));
  out.stop = call.stop;
  if (call.priority < -kMaxPriority || call.priority > kMaxPriority) {
    return absl::InvalidArgumentError(absl::StrCat("priority: ", call.priority,
                                                   " is out of range; give -", kMaxPriority, " to ",
                                                   kMaxPriority));
  }
  out.priority = call.priority;
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
