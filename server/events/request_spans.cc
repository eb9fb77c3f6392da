// Converts a finished request to a trace.
#include "server/events/request_spans.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr size_t kMaxContentBytes = size_t{64} << 10;
constexpr int kSpanDigits = 16;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Cut(std::string text) {
  if (text.size() > kMaxContentBytes) text.resize(kMaxContentBytes);
  return text;
}

// Splits "assay.v1.InferenceService/Generate" into service and method.
std::pair<std::string, std::string> ServiceAndMethod(const std::string& full) {
  const size_t slash = full.rfind('/');
  if (slash == std::string::npos) return {"", full};
  return {full.substr(0, slash), full.substr(slash + 1)};
}

// Adds the attributes of the request, which a failed one has too.
void AddRequest(const RequestRecord& record, Attributes* attributes) {
  const auto [service, method] = ServiceAndMethod(record.context.method);
  const GenerateCall& request = *record.call;
  const bool chat = request.chat.has_value() || !request.raw;
  *attributes = {{"rpc.system", "grpc"},
                 {"rpc.service", service},
                 {"rpc.method", method},
                 {"rpc.grpc.status_code", static_cast<int64_t>(record.status.code())},
                 {"gen_ai.operation.name", chat ? "chat" : "text_completion"},
                 {"gen_ai.provider.name", "assay"},
                 {"client.address", record.context.peer},
                 {"assay.request_id", record.context.request_id},
                 {"assay.content_type", record.content_type},
                 {"assay.route.rule", record.rule}};
  if (!record.model.empty()) attributes->emplace_back("gen_ai.request.model", record.model);
  if (!record.tried.empty()) attributes->emplace_back("assay.route.tried", record.tried);
  if (request.max_new_tokens > 0) {
    attributes->emplace_back("gen_ai.request.max_tokens", int64_t{request.max_new_tokens});
  }
  const SamplingSettings& sampling = request.sampling;
  if (sampling.temperature.has_value()) {
    attributes->emplace_back("gen_ai.request.temperature", double{*sampling.temperature});
  }
  if (sampling.top_p.has_value()) {
    attributes->emplace_back("gen_ai.request.top_p", double{*sampling.top_p});
  }
  if (sampling.top_k.has_value()) {
    attributes->emplace_back("gen_ai.request.top_k", int64_t{*sampling.top_k});
  }
}

void AddResult(const RequestRecord& record, Attributes* attributes) {
  const GenerateResult& result = *record.result;
  const Attributes more = {
      {"gen_ai.response.model", result.model},
      {"gen_ai.response.finish_reasons",
       std::vector<std::string>{std::string(FinishReasonName(result.finish_reason))}},
      {"gen_ai.usage.input_tokens", int64_t{result.usage.prompt_tokens}},
      {"gen_ai.usage.output_tokens", int64_t{result.usage.completion_tokens}},
      {"gen_ai.usage.cache_read.input_tokens", int64_t{result.usage.cached_tokens}},
      // A text, because a seed may exceed the signed integers of the format.
      {"gen_ai.request.seed", std::to_string(result.seed)},
      {"gen_ai.server.time_to_first_token", absl::ToDoubleSeconds(result.times.first_token)},
      {"gen_ai.server.time_per_output_token", absl::ToDoubleSeconds(result.times.per_token)},
      {"assay.cost_usd", result.cost_usd},
      {"assay.energy_joules", record.joules},
      {"assay.preemptions", int64_t{record.preemptions}}};
  attributes->insert(attributes->end(), more.begin(), more.end());
}

void AddContent(const RequestRecord& record, Attributes* attributes) {
  attributes->emplace_back("gen_ai.input.messages", Cut(InputMessages(*record.call)));
  if (!record.status.ok()) return;
  attributes->emplace_back("gen_ai.output.messages",
                           Cut(Dump({{{"role", "assistant"}, {"content", record.result->text}}})));
}

// Adds the stages of a request, one after another.
class Stages {
 public:
  Stages(const RequestRecord& record, std::vector<Span>* spans)
      : record_(record), spans_(spans), last_(record.arrival) {}

  // Adds a stage from the end of the previous one to `end`, which is the time since arrival.
  void Add(const char* name, absl::Duration end, Attributes attributes = {}) {
    const absl::Time until = std::max(last_, record_.arrival + end);
    spans_->push_back({.trace_id = record_.context.trace.trace_id,
                       .span_id = RandomHex(kSpanDigits),
                       .parent_span_id = record_.context.trace.span_id,
                       .trace_state = record_.context.trace.state,
                       .name = name,
                       .start = last_,
                       .end = until,
                       .attributes = std::move(attributes)});
    last_ = until;
  }

 private:
  const RequestRecord& record_;
  std::vector<Span>* const spans_;
  absl::Time last_;
};

}  // namespace

std::string InputMessages(const GenerateCall& call) {
  json messages = json::array();
  if (call.chat.has_value()) {
    for (const ChatMessage& message : *call.chat) {
      messages.push_back({{"role", message.role}, {"content", message.content}});
    }
  } else {
    messages.push_back({{"role", "user"}, {"content", call.prompt}});
  }
  return Dump(messages);
}

std::vector<Span> RequestSpans(const RequestRecord& record, bool with_content) {
  const TraceContext& trace = record.context.trace;
  std::vector<Span> spans(1);
  Span& call = spans.front();
  call.trace_id = trace.trace_id;
  call.span_id = trace.span_id;
  call.parent_span_id = trace.parent_span_id;
  call.trace_state = trace.state;
  call.name = record.context.method;
  call.kind = SpanKind::kServer;
  call.start = record.arrival;
  call.end = record.arrival + record.duration;
  AddRequest(record, &call.attributes);
  if (record.status.ok()) {
    AddResult(record, &call.attributes);
  } else {
    // The message may quote the caller, so without content only the code is shown.
    call.error = with_content ? std::string(record.status.message())
                              : absl::StatusCodeToString(record.status.code());
    call.attributes.emplace_back("error.type", absl::StatusCodeToString(record.status.code()));
  }
  if (with_content) AddContent(record, &call.attributes);

  Stages stages(record, &spans);
  if (record.routed >= absl::ZeroDuration()) stages.Add("route", record.routed);
  if (record.accepted >= absl::ZeroDuration()) stages.Add("acquire", record.accepted);
  if (!record.status.ok()) return spans;
  const GenerationTimes& times = record.result->times;
  const TokenUsage& usage = record.result->usage;
  stages.Add("queue", times.queue);
  stages.Add("prefill", times.queue + times.prefill,
             {{"gen_ai.usage.input_tokens", int64_t{usage.prompt_tokens}},
              {"gen_ai.usage.cache_read.input_tokens", int64_t{usage.cached_tokens}}});
  stages.Add("decode", times.total,
             {{"gen_ai.usage.output_tokens", int64_t{usage.completion_tokens}}});
  return spans;
}

}  // namespace assay::server
