// Checks a GenerateRequest and turns it into the engine's.
#include "server/serving/generation_request.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/runtime/generation/sampling.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;

constexpr int kMaxStopStrings = 16;
constexpr size_t kMaxStopBytes = 256;
constexpr size_t kMaxRoleBytes = 32;
constexpr int kMaxPriority = 100;

absl::Status TooLong(const char* field, size_t bytes, const LimitsConfig& limits) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": has ", bytes, " bytes; the server takes at most ",
                   limits.max_prompt_bytes, " (limits.max_prompt_bytes)"));
}

// A role is text of the prompt that templates write as it is: nothing that could end their marks.
bool IsRole(std::string_view role) {
  return !role.empty() && role.size() <= kMaxRoleBytes &&
         std::all_of(role.begin(), role.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

absl::Status ReadChat(const assay::v1::ChatMessages& chat, const LimitsConfig& limits,
                      engine::Prompt* prompt) {
  if (chat.messages().empty()) {
    return absl::InvalidArgumentError("chat.messages: is empty; give at least one message");
  }
  size_t bytes = 0;
  for (int i = 0; i < chat.messages_size(); ++i) {
    const assay::v1::ChatMessage& message = chat.messages(i);
    if (!IsRole(message.role())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "chat.messages[", i, "].role: '", message.role(), "' is not 1 to ", kMaxRoleBytes,
          " of a-z, 0-9, _ and -, such as system, user, assistant or tool"));
    }
    bytes += message.content().size() + message.fields_json().size();
    prompt->chat.push_back(
        {.role = message.role(), .content = message.content(), .fields = message.fields_json()});
  }
  if (bytes > static_cast<size_t>(limits.max_prompt_bytes)) return TooLong("chat", bytes, limits);
  if (bytes == 0) return absl::InvalidArgumentError("chat.messages: every content is empty");
  return absl::OkStatus();
}

absl::Status ReadPrompt(const GenerateRequest& request, const LimitsConfig& limits,
                        engine::Prompt* prompt) {
  if (request.input_case() == GenerateRequest::kChat) {
    if (request.raw()) {
      return absl::InvalidArgumentError("raw: goes with prompt, not with chat");
    }
    return ReadChat(request.chat(), limits, prompt);
  }
  if (request.prompt().empty()) {
    return absl::InvalidArgumentError("prompt: is empty; give a prompt or chat messages");
  }
  if (request.prompt().size() > static_cast<size_t>(limits.max_prompt_bytes)) {
    return TooLong("prompt", request.prompt().size(), limits);
  }
  prompt->text = request.prompt();
  prompt->raw = request.raw();
  return absl::OkStatus();
}

absl::Status ReadTemplateInputs(const GenerateRequest& request, const LimitsConfig& limits,
                                engine::Prompt* prompt) {
  const auto most = static_cast<size_t>(limits.max_prompt_bytes);
  if (request.tools_json().size() > most) {
    return TooLong("tools_json", request.tools_json().size(), limits);
  }
  if (request.template_variables_json().size() > most) {
    return TooLong("template_variables_json", request.template_variables_json().size(), limits);
  }
  if (request.raw() &&
      (!request.tools_json().empty() || !request.template_variables_json().empty())) {
    return absl::InvalidArgumentError(
        "raw: goes without tools_json and template_variables_json, which the chat template reads");
  }
  prompt->tools = request.tools_json();
  prompt->variables = request.template_variables_json();
  return absl::OkStatus();
}

absl::Status ReadStop(const GenerateRequest& request, engine::GenerationRequest* out) {
  if (request.stop_size() > kMaxStopStrings) {
    return absl::InvalidArgumentError(
        absl::StrCat("stop: has ", request.stop_size(), " strings; at most ", kMaxStopStrings));
  }
  for (int i = 0; i < request.stop_size(); ++i) {
    const size_t size = request.stop(i).size();
    if (size == 0 || size > kMaxStopBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("stop[", i, "]: has ", size, " bytes; it must have 1 to ", kMaxStopBytes));
    }
    out->stop.push_back(request.stop(i));
  }
  return absl::OkStatus();
}

absl::Status ReadSampling(const assay::v1::SamplingParams& params, engine::SamplingParams* out) {
  if (params.has_temperature()) out->temperature = params.temperature();
  if (params.has_top_p()) out->top_p = params.top_p();
  if (params.has_top_k()) out->top_k = params.top_k();
  out->seed = params.has_seed() ? params.seed() : std::random_device()();
  return engine::ValidateSampling(*out);
}

}  // namespace

absl::StatusOr<engine::GenerationRequest> ToEngineRequest(const GenerateRequest& request,
                                                          const LimitsConfig& limits) {
  engine::GenerationRequest out;
  RETURN_IF_ERROR(ReadPrompt(request, limits, &out.prompt));
  RETURN_IF_ERROR(ReadTemplateInputs(request, limits, &out.prompt));
  RETURN_IF_ERROR(ReadSampling(request.sampling(), &out.sampling));
  RETURN_IF_ERROR(ReadStop(request, &out));
  if (request.priority() < -kMaxPriority || request.priority() > kMaxPriority) {
    return absl::InvalidArgumentError(absl::StrCat("priority: ", request.priority(),
                                                   " is out of range; give -", kMaxPriority, " to ",
                                                   kMaxPriority));
  }
  out.priority = request.priority();
  const int tokens = request.max_new_tokens();
  if (tokens < 0 || tokens > limits.max_new_tokens) {
    return absl::InvalidArgumentError(absl::StrCat(
        "max_new_tokens: ", tokens, " is out of range; give 1 to ", limits.max_new_tokens,
        " (limits.max_new_tokens), or 0 for the default of ", limits.default_max_new_tokens));
  }
  out.max_new_tokens = tokens == 0 ? limits.default_max_new_tokens : tokens;
  return out;
}

}  // namespace assay::server
