// The OpenAI API over HTTP.
#include "server/fronts/openai/openai_front.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/retry_delay.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "server/fronts/openai/api_error.h"
#include "server/fronts/openai/call.h"
#include "server/fronts/openai/chat_request.h"
#include "server/fronts/openai/event_stream.h"
#include "server/fronts/openai/reply_json.h"
#include "server/fronts/openai/request_fields.h"
#include "server/serving/token_charge.h"
#include "server/tracing/trace_context.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

// The methods in metrics, logs and traces.
constexpr char kChat[] = "openai.v1/ChatCompletions";
constexpr char kCompletions[] = "openai.v1/Completions";
constexpr char kEmbeddings[] = "openai.v1/Embeddings";
constexpr char kModels[] = "openai.v1/Models";

constexpr char kTokenize[] = "openai.v1/Tokenize";
constexpr char kDetokenize[] = "openai.v1/Detokenize";

constexpr char kModelsPath[] = "/v1/models/";
constexpr size_t kMaxIdBytes = 128;
constexpr int kIdDigits = 16;
constexpr int64_t kBodyOverheadBytes = int64_t{1} << 20;
// A header that chooses the route, where a client has no field for it.
constexpr char kContentTypeHeader[] = "x-assay-content-type";

// Returns the address as gRPC formats it, without a port: HTTP clients of one machine are one
// caller.
std::string PeerName(const std::string& address) {
  return !absl::StrContains(address, ':') ? absl::StrCat("ipv4:", address, ":0")
                                          : absl::StrCat("ipv6:%5B", address, "%5D:0");
}

bool IsRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes &&
         std::all_of(id.begin(), id.end(), absl::ascii_isgraph);
}

HttpResponse JsonResponse(const Json& json) {
  return {.content_type = "application/json", .body = ToText(json)};
}

}  // namespace

namespace {

// Writes the parts of a streamed reply as they are generated. The reply begins once a model has
// accepted the request, so that errors before it have an HTTP status of their own.
class StreamObserver final : public GenerationObserver {
 public:
  using StartFn = std::function<void(const registry::RouteDecision& route)>;
  using TextFn = std::function<Json(const TextDelta& delta)>;

  StreamObserver(EventStream* events, StartFn start, TextFn text)
      : events_(events), start_(std::move(start)), text_(std::move(text)) {}

  void OnStarted(const registry::RouteDecision& route, const registry::Handle& /*model*/) override {
    start_(route);
  }
  bool OnText(const TextDelta& delta) override { return events_->Write(text_(delta)); }

 private:
  EventStream* const events_;
  const StartFn start_;
  const TextFn text_;
};

// Say which model answers and why.
std::vector<HttpHeader> RouteHeaders(const registry::RouteDecision& route) {
  return {{"x-assay-model", route.model}, {"x-assay-route", route.rule}};
}

}  // namespace

void OpenAiFront::AddRoutes(HttpRouter* router) {
  const Roles generate = {Role::kGenerate, Role::kAdmin};
  const Roles look = {Role::kGenerate, Role::kEvaluate, Role::kAdmin};
  Add(router, "POST", "/v1/chat/completions", kChat, generate, &OpenAiFront::ChatCompletions);
  Add(router, "POST", "/v1/completions", kCompletions, generate, &OpenAiFront::Completions);
  Add(router, "POST", "/v1/embeddings", kEmbeddings, generate, &OpenAiFront::Embeddings);
  Add(router, "POST", "/tokenize", kTokenize, generate, &OpenAiFront::Tokenize);
  Add(router, "POST", "/detokenize", kDetokenize, generate, &OpenAiFront::Detokenize);
  Add(router, "GET", "/v1/models", kModels, look, &OpenAiFront::Models);
  Add(router, "GET", absl::StrCat(kModelsPath, "*"), kModels, look, &OpenAiFront::OneModel);
  // Load balancers have no key.
  router->Add({.path = "/health", .handler = [this](const HttpRequest&, HttpReply reply) {
                 reply.Send(deps_.is_serving()
                                ? JsonResponse({{"status", "ok"}})
                                : ErrorResponse(absl::UnavailableError("the server is stopping")));
               }});
  router->Add({.path = "/version", .handler = [this](const HttpRequest&, HttpReply reply) {
                 reply.Send(JsonResponse({{"version", deps_.version}}));
               }});
}

void OpenAiFront::Add(HttpRouter* router, std::string method, std::string path, const char* name,
                      Roles allowed, Handler handler) {
  const bool has_body = method == "POST";
  router->Add(
      {.method = std::move(method),
       .path = std::move(path),
       // The texts, and as much again for their JSON.
       .max_body_bytes =
           has_body ? static_cast<uint64_t>(2 * deps_.limits.max_prompt_bytes + kBodyOverheadBytes)
                    : 0,
       .handler = [this, name, allowed, handler](HttpRequest request, HttpReply reply) {
         Handle(std::move(request), std::move(reply), name, allowed, handler);
       }});
}

RequestContext OpenAiFront::OriginOf(const HttpRequest& request, const char* name) const {
  const std::string_view id = request.Header("x-request-id");
  return {.request_id = IsRequestId(id) ? std::string(id) : RandomHex(kIdDigits),
          .trace = ContinueTrace(request.Header("traceparent"), request.Header("tracestate"),
                                 deps_.sample_ratio),
          .method = name,
          .peer = PeerName(request.peer)};
}

void OpenAiFront::Handle(HttpRequest request, HttpReply reply, const char* name, Roles allowed,
                         Handler handler) {
  const SteadyTime start = SteadyTime::Now();
  RequestContext origin = OriginOf(request, name);
  const Credentials credentials = {.authorization = request.Header("authorization"),
                                   .api_key = request.Header("x-api-key"),
                                   .peer = origin.peer};
  const PresentedKey key = deps_.access->KeyIn(credentials);
  const AccessControl::Decision access =
      deps_.access->Admit(credentials, allowed, absl::StrCat(request.method, " ", request.path));
  origin.caller = access.caller;
  const auto gone = reply.client_gone();
  Call call{.http = std::move(request),
            .reply = std::move(reply),
            .origin = std::move(origin),
            .context = CallContext([this, gone] { return cancelled_ || gone(); },
                                   start + deps_.limits.inference_timeout),
            .admission = access.admission};
  if (access.status.ok()) {
    (this->*handler)(call);
  } else {
    absl::Status refused = access.status;
    if (access.retry_after > absl::ZeroDuration()) SetRetryDelay(access.retry_after, &refused);
    call.Fail(refused);
  }
  if (!call.is_recorded) deps_.record(call.origin, key, call.status, SteadyTime::Now() - start);
  // The analyzer does not follow the ownership of a moved std::function.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
}

void OpenAiFront::ChatCompletions(Call& call) {
  const absl::StatusOr<Json> body = call.Body();
  if (!body.ok()) return call.Fail(body.status());
  absl::StatusOr<ChatRequest> request = ReadChatRequest(*body);
  if (!request.ok()) return call.Fail(request.status());
  GenerateCall& generate = request->call;
  if (const std::string_view type = call.http.Header(kContentTypeHeader);
      !type.empty() && generate.model.empty()) {
    generate.content_type = type;
  }
  // The API has no limit of its own: an answer should not end in the middle.
  if (generate.max_new_tokens == 0) generate.max_new_tokens = deps_.limits.max_new_tokens;
  call.is_recorded = true;
  request->reply.stream ? StreamChat(call, generate, request->reply.include_usage)
                        : Chat(call, generate);
}

void OpenAiFront::Chat(Call& call, const GenerateCall& request) {
  const absl::StatusOr<GenerateResult> result =
      deps_.generation->Generate(request, call.context, /*observer=*/nullptr, call.origin);
  if (!result.ok()) return call.Fail(result.status());
  call.Send(ChatReply(call.Head("chatcmpl-", result->model), *result), RouteHeaders(result->route));
}

void OpenAiFront::StreamChat(Call& call, const GenerateCall& request, bool include_usage) {
  EventStream events(std::move(call.reply));
  ReplyHead head;
  StreamObserver observer(
      &events,
      [&](const registry::RouteDecision& route) {
        head = call.Head("chatcmpl-", route.model);
        events.Begin(call.origin.request_id, RouteHeaders(route));
        events.Write(ChatStart(head));
      },
      [&](const TextDelta& delta) { return ChatDelta(head, delta); });
  const absl::StatusOr<GenerateResult> result =
      deps_.generation->Generate(request, call.context, &observer, call.origin);
  call.EndAdmission();
  if (!result.ok()) return events.Fail(result.status(), call.origin.request_id);
  events.Write(ChatEnd(head, *result));
  if (include_usage) events.Write(ChatUsage(head, result->usage));
  events.Finish();
}

void OpenAiFront::Completions(Call& call) {
  const absl::StatusOr<Json> body = call.Body();
  if (!body.ok()) return call.Fail(body.status());
  absl::StatusOr<CompletionRequest> request = ReadCompletionRequest(*body);
  if (!request.ok()) return call.Fail(request.status());
  call.is_recorded = true;
  std::vector<GenerateCall>& calls = request->calls;
  if (request->reply.stream) return StreamCompletions(call, calls, request->reply.include_usage);
  // The prompts of one request are computed together.
  std::vector<absl::StatusOr<GenerateResult>> results(calls.size(),
                                                      absl::UnknownError("has not run"));
  const auto generate = [&](size_t i) {
    results[i] =
        deps_.generation->Generate(calls[i], call.context, /*observer=*/nullptr, call.origin);
  };
  std::vector<std::thread> others;
  others.reserve(calls.size());
  for (size_t i = 1; i < calls.size(); ++i) others.emplace_back(generate, i);
  generate(0);
  for (std::thread& other : others) other.join();
  std::vector<GenerateResult> done;
  for (absl::StatusOr<GenerateResult>& result : results) {
    if (!result.ok()) return call.Fail(result.status());
    done.push_back(*std::move(result));
  }
  call.Send(CompletionReply(call.Head("cmpl-", done[0].model), done), RouteHeaders(done[0].route));
}

void OpenAiFront::StreamCompletions(Call& call, const std::vector<GenerateCall>& requests,
                                    bool include_usage) {
  EventStream events(std::move(call.reply));
  ReplyHead head;
  TokenUsage usage;
  for (size_t i = 0; i < requests.size(); ++i) {
    const int index = static_cast<int>(i);
    int64_t offset = 0;
    StreamObserver observer(
        &events,
        [&](const registry::RouteDecision& route) {
          head = call.Head("cmpl-", route.model);
          events.Begin(call.origin.request_id, RouteHeaders(route));
        },
        [&](const TextDelta& delta) {
          Json part = CompletionDelta(head, delta, offset, index);
          offset += static_cast<int64_t>(delta.text.size());
          return part;
        });
    const absl::StatusOr<GenerateResult> result =
        deps_.generation->Generate(requests[i], call.context, &observer, call.origin);
    if (!result.ok()) {
      call.EndAdmission();
      return events.Fail(result.status(), call.origin.request_id);
    }
    events.Write(CompletionEnd(head, *result, index));
    usage.prompt_tokens += result->usage.prompt_tokens;
    usage.completion_tokens += result->usage.completion_tokens;
    usage.cached_tokens += result->usage.cached_tokens;
  }
  call.EndAdmission();
  if (include_usage) events.Write(CompletionUsage(head, usage));
  events.Finish();
}

void OpenAiFront::Embeddings(Call& call) {
  const absl::StatusOr<Json> body = call.Body();
  if (!body.ok()) return call.Fail(body.status());
  RequestFields fields(*body);
  EmbedCall request;
  request.model = fields.String("model").value_or("");
  const Json* const input = fields.Any("input");
  const std::string format = fields.String("encoding_format").value_or("float");
  const std::optional<int64_t> dimensions = fields.Int("dimensions", 1, INT32_MAX);
  fields.Ignore({"user"});
  const auto is_string = [](const Json& one) { return one.is_string(); };
  if (request.model.empty()) fields.Fail("model", "is missing; give the id of an encoder");
  if (format != "float" && format != "base64") {
    fields.Fail("encoding_format", absl::StrCat("is '", format, "'; give float or base64"));
  }
  if (input != nullptr && input->is_string()) {
    request.input.push_back(input->get<std::string>());
  } else if (input != nullptr && input->is_array() &&
             std::all_of(input->begin(), input->end(), is_string)) {
    request.input = input->get<std::vector<std::string>>();
  } else {
    fields.Fail("input", "is neither a string nor a list of strings");
  }
  if (const absl::Status status = fields.Finish(); !status.ok()) return call.Fail(status);
  if (const absl::Status allowed = call.origin.caller.CheckModel(request.model); !allowed.ok()) {
    return call.Fail(allowed);
  }
  const absl::StatusOr<EmbedResult> result =
      deps_.embedding->Compute(request, call.context.For(ShareOf(call.origin.caller)));
  if (!result.ok()) return call.Fail(result.status());
  if (dimensions.has_value() && *dimensions != result->dimension) {
    return call.Fail(
        FieldError("dimensions", absl::StrCat("is ", *dimensions, "; the vectors of ",
                                              result->model, " have ", result->dimension)));
  }
  int64_t tokens = 0;
  for (const engine::TextEmbedding& embedding : result->embeddings) tokens += embedding.tokens;
  ChargeTokens(call.origin.caller, tokens);
  call.Send(EmbeddingReply(*result, format == "base64"));
}

Json OpenAiFront::ModelJson(const registry::ModelStatus& status) const {
  const bool was_loaded = status.loaded_at > absl::UnixEpoch();
  return {{"id", status.entry.id},
          {"object", "model"},
          {"created", was_loaded ? absl::ToUnixSeconds(status.loaded_at) : 0},
          {"owned_by", "assay"},
          {"assay",
           {{"state", registry::ModelStateName(status.state)},
            {"source", status.entry.SourceName()},
            {"resident_bytes", status.resident_bytes}}}};
}

void OpenAiFront::Models(Call& call) {
  Json data = Json::array();
  for (const registry::ModelStatus& status : deps_.manager->List()) {
    if (call.origin.caller.MayUse(status.entry.id)) data.push_back(ModelJson(status));
  }
  call.Send({{"object", "list"}, {"data", std::move(data)}});
}

void OpenAiFront::OneModel(Call& call) {
  const std::string id = call.http.path.substr(std::string_view(kModelsPath).size());
  const absl::StatusOr<registry::ModelStatus> status = deps_.manager->Get(id);
  if (!status.ok()) return call.Fail(status.status());
  if (const absl::Status allowed = call.origin.caller.CheckModel(id); !allowed.ok()) {
    return call.Fail(allowed);
  }
  call.Send(ModelJson(*status));
}

}  // namespace assay::server
