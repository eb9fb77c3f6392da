// Converts the messages of assay.v1.InferenceService to the server's own types and back.
#include "server/wire/inference_proto.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/wire/route_proto.h"

namespace assay::server {
namespace {

std::vector<ChatMessage> ToChat(const assay::v1::ChatMessages& messages) {
  std::vector<ChatMessage> chat;
  chat.reserve(static_cast<size_t>(messages.messages_size()));
  for (const assay::v1::ChatMessage& message : messages.messages()) {
    chat.push_back({.role = message.role(),
                    .content = message.content(),
                    .fields_json = message.fields_json()});
  }
  return chat;
}

SamplingSettings ToSampling(const assay::v1::SamplingParams& params) {
  SamplingSettings settings;
  if (params.has_temperature()) settings.temperature = params.temperature();
  if (params.has_top_p()) settings.top_p = params.top_p();
  if (params.has_top_k()) settings.top_k = params.top_k();
  if (params.has_seed()) settings.seed = params.seed();
  if (params.has_model_defaults()) settings.model_defaults = params.model_defaults();
  if (params.has_min_p()) settings.min_p = params.min_p();
  if (params.has_typical_p()) settings.typical_p = params.typical_p();
  if (params.has_repetition_penalty()) settings.repetition_penalty = params.repetition_penalty();
  settings.presence_penalty = params.presence_penalty();
  settings.frequency_penalty = params.frequency_penalty();
  for (const assay::v1::LogitBias& bias : params.logit_bias()) {
    settings.logit_bias.emplace_back(bias.token(), bias.bias());
  }
  settings.min_tokens = params.min_tokens();
  return settings;
}

assay::v1::FinishReason ToProto(FinishReason reason) {
  switch (reason) {
    case FinishReason::kEndOfText:
      return assay::v1::FINISH_REASON_END_OF_TEXT;
    case FinishReason::kStopString:
      return assay::v1::FINISH_REASON_STOP_STRING;
    case FinishReason::kStopToken:
      return assay::v1::FINISH_REASON_STOP_TOKEN;
    case FinishReason::kLength:
      return assay::v1::FINISH_REASON_LENGTH;
  }
  return assay::v1::FINISH_REASON_UNSPECIFIED;
}

void ToProto(const TokenUsage& usage, assay::v1::Usage* out) {
  out->set_prompt_tokens(usage.prompt_tokens);
  out->set_completion_tokens(usage.completion_tokens);
  out->set_cached_tokens(usage.cached_tokens);
  out->set_drafted_tokens(usage.drafted_tokens);
  out->set_accepted_tokens(usage.accepted_tokens);
}

void ToProto(const TokenLogProbability& one, assay::v1::TokenLogProbability* out) {
  out->set_token(one.token);
  out->set_text(one.text);
  out->set_log_probability(one.log_probability);
}

using LogProbabilitiesField = google::protobuf::RepeatedPtrField<assay::v1::TokenLogProbabilities>;

void ToProto(const std::vector<TokenLogProbabilities>& tokens, LogProbabilitiesField* out) {
  for (const TokenLogProbabilities& token : tokens) {
    assay::v1::TokenLogProbabilities* added = out->Add();
    ToProto(token.chosen, added->mutable_chosen());
    for (const TokenLogProbability& likely : token.top) ToProto(likely, added->add_top());
  }
}

void ToProto(const GenerationTimes& times, assay::v1::Timings* out) {
  out->set_queue_ms(absl::ToDoubleMilliseconds(times.queue));
  out->set_prefill_ms(absl::ToDoubleMilliseconds(times.prefill));
  out->set_first_token_ms(absl::ToDoubleMilliseconds(times.first_token));
  out->set_per_token_ms(absl::ToDoubleMilliseconds(times.per_token));
  out->set_inter_token_p50_ms(absl::ToDoubleMilliseconds(times.inter_token_p50));
  out->set_inter_token_p90_ms(absl::ToDoubleMilliseconds(times.inter_token_p90));
  out->set_inter_token_p99_ms(absl::ToDoubleMilliseconds(times.inter_token_p99));
  out->set_total_ms(absl::ToDoubleMilliseconds(times.total));
}

}  // namespace

GenerateCall ToCall(const assay::v1::GenerateRequest& request) {
  GenerateCall call{
      .model = request.model(),
      .content_type = request.content_type(),
      .prompt = request.prompt(),
      .raw = request.raw(),
      .tools_json = request.tools_json(),
      .template_variables_json = request.template_variables_json(),
      .chat_template = request.chat_template(),
      .parse_special = request.parse_special(),
      .sampling = ToSampling(request.sampling()),
      .stop = {request.stop().begin(), request.stop().end()},
      .stop_token_ids = {request.stop_token_ids().begin(), request.stop_token_ids().end()},
      .ignore_end_of_text = request.ignore_end_of_text(),
      .truncate_prompt_tokens = request.truncate_prompt_tokens(),
      .timeout = absl::Seconds(request.timeout_seconds()),
      .max_new_tokens = request.max_new_tokens(),
      .priority = request.priority(),
      .routing_key = request.routing_key()};
  if (request.has_chat()) call.chat = ToChat(request.chat());
  if (request.has_prompt_tokens()) {
    call.prompt_tokens.emplace(request.prompt_tokens().ids().begin(),
                               request.prompt_tokens().ids().end());
  }
  if (request.has_log_probabilities()) call.log_probabilities = request.log_probabilities();
  return call;
}

LikelihoodCall ToCall(const assay::v1::LikelihoodRequest& request) {
  return {.model = request.model(),
          .context = request.context(),
          .continuations = {request.continuations().begin(), request.continuations().end()},
          .text = request.text()};
}

void ToProto(const GenerateResult& result, assay::v1::GenerateResponse* out) {
  out->set_text(result.text);
  out->mutable_tokens()->Assign(result.tokens.begin(), result.tokens.end());
  out->set_finish_reason(ToProto(result.finish_reason));
  ToProto(result.usage, out->mutable_usage());
  ToProto(result.times, out->mutable_timings());
  out->mutable_timings()->set_tokens_per_second(result.tokens_per_second);
  out->set_model(result.model);
  ToProto(result.route, out->mutable_route());
  out->set_seed(result.seed);
  out->set_cost_usd(result.cost_usd);
  out->set_no_chat_template(result.no_chat_template);
  ToProto(result.log_probabilities, out->mutable_log_probabilities());
}

void ToProto(const TextDelta& delta, assay::v1::GenerateStreamResponse::TextDelta* out) {
  out->set_text(delta.text);
  out->mutable_tokens()->Assign(delta.tokens.begin(), delta.tokens.end());
  ToProto(delta.log_probabilities, out->mutable_log_probabilities());
}

void ToProto(const LikelihoodResult& result, assay::v1::LikelihoodResponse* out) {
  out->set_model(result.model);
  for (const TextLikelihood& likelihood : result.likelihoods) {
    assay::v1::TextLikelihood* added = out->add_likelihoods();
    added->set_log_likelihood(likelihood.log_likelihood);
    added->set_tokens(likelihood.tokens);
    added->set_greedy(likelihood.greedy);
  }
}

}  // namespace assay::server
