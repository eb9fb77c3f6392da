// The tokens of prompts: /tokenize and /detokenize, with the fields that vLLM has.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "base/work_limit.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/language_model.h"
#include "server/fronts/openai/call.h"
#include "server/fronts/openai/chat_request.h"
#include "server/fronts/openai/request_fields.h"
#include "server/serving/generation_request.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

// Returns the model, resident, if the caller may use it.
absl::StatusOr<registry::Handle> AcquireFor(const Caller& caller, const std::string& model,
                                            const CallContext& context,
                                            registry::Manager* manager) {
  if (model.empty()) return FieldError("model", "is missing; give the id of a model");
  RETURN_IF_ERROR(caller.CheckModel(model));
  return manager->Acquire(model, nullptr, context);
}

// Returns the call whose prompt is tokenized: a conversation, or a text as it is.
absl::StatusOr<GenerateCall> ReadPrompt(const Json& body, bool* with_texts) {
  RequestFields fields(body);
  GenerateCall call;
  *with_texts = fields.Bool("return_token_strs").value_or(false);
  // Only these are the defaults of the templates and tokenizers.
  fields.Refuse("add_special_tokens", "leave it out", true);
  fields.Refuse("add_generation_prompt", "leave it out", true);
  if (fields.Any("messages") != nullptr) {
    Json chat = body;
    for (const char* key : {"return_token_strs", "add_special_tokens", "add_generation_prompt"}) {
      chat.erase(key);
    }
    RETURN_IF_ERROR(fields.FirstError());
    ASSIGN_OR_RETURN(ChatRequest request, ReadChatRequest(chat));
    return std::move(request.call);
  }
  call.model = fields.String("model").value_or("");
  call.prompt = fields.String("prompt").value_or("");
  call.raw = true;
  RETURN_IF_ERROR(fields.Finish());
  return call;
}

}  // namespace

void OpenAiFront::Tokenize(Call& call) {
  const absl::StatusOr<Json> body = call.Body();
  if (!body.ok()) return call.Fail(body.status());
  bool with_texts = false;
  const absl::StatusOr<GenerateCall> prompt = ReadPrompt(*body, &with_texts);
  if (!prompt.ok()) return call.Fail(prompt.status());
  const absl::StatusOr<engine::GenerationRequest> request = ToEngineRequest(*prompt, deps_.limits);
  if (!request.ok()) return call.Fail(request.status());
  const absl::StatusOr<registry::Handle> handle =
      AcquireFor(call.origin.caller, prompt->model, call.context, deps_.manager);
  if (!handle.ok()) return call.Fail(handle.status());
  const absl::StatusOr<engine::LanguageModel*> model = LanguageModelOf(*handle);
  if (!model.ok()) return call.Fail(model.status());
  const WorkLimit limit(engine::kMaxPromptCpu, call.context);
  const absl::StatusOr<std::vector<engine::TokenId>> tokens = (*model)->Tokenize(request->prompt);
  if (!tokens.ok()) return call.Fail(tokens.status());
  Json reply = {{"count", tokens->size()},
                {"max_model_len", (*model)->info().context_length},
                {"tokens", *tokens},
                {"token_strs", nullptr}};
  if (with_texts) {
    Json texts = Json::array();
    for (const engine::TokenId token : *tokens) {
      texts.push_back(std::string((*model)->tokenizer().TokenBytes(token)));
    }
    reply["token_strs"] = std::move(texts);
  }
  call.Send(reply);
}

void OpenAiFront::Detokenize(Call& call) {
  const absl::StatusOr<Json> body = call.Body();
  if (!body.ok()) return call.Fail(body.status());
  RequestFields fields(*body);
  const std::string id = fields.String("model").value_or("");
  std::vector<engine::TokenId> tokens;
  const Json* const list = fields.Any("tokens");
  const auto is_id = [](const Json& one) {
    return one.is_number_integer() && one >= 0 && one <= INT32_MAX;
  };
  if (list != nullptr && list->is_array() && std::all_of(list->begin(), list->end(), is_id)) {
    tokens = list->get<std::vector<engine::TokenId>>();
  } else {
    fields.Fail("tokens", "is not a list of token ids");
  }
  if (const absl::Status status = fields.Finish(); !status.ok()) return call.Fail(status);
  const absl::StatusOr<registry::Handle> handle =
      AcquireFor(call.origin.caller, id, call.context, deps_.manager);
  if (!handle.ok()) return call.Fail(handle.status());
  const absl::StatusOr<engine::LanguageModel*> model = LanguageModelOf(*handle);
  if (!model.ok()) return call.Fail(model.status());
  const absl::StatusOr<std::string> text =
      (*model)->tokenizer().Decode(tokens, /*skip_special=*/false);
  if (!text.ok()) return call.Fail(text.status());
  call.Send({{"prompt", *text}});
}

}  // namespace assay::server
