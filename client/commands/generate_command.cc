// assay generate.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "assay/v1/inference.grpc.pb.h"
#include "base/status_macros.h"
#include "client/commands/commands.h"
#include "client/commands/generate_arguments.h"
#include "client/input/prompt_input.h"

namespace assay::client {
namespace {

using Stub = v1::InferenceService::Stub;

absl::Status SetInput(const GenerateOptions& options, Streams& streams,
                      v1::GenerateRequest* request) {
  if (!options.messages_file.empty()) {
    ASSIGN_OR_RETURN(v1::ChatMessages chat, ReadMessages(options.messages_file, streams.in));
    *request->mutable_chat() = std::move(chat);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(
      std::string prompt,
      options.file.empty() && options.prompt != "-"
          ? options.prompt
          : ReadInput(options.file.empty() ? options.prompt : options.file, streams.in));
  if (options.system.empty()) {
    request->set_prompt(std::move(prompt));
    return absl::OkStatus();
  }
  v1::ChatMessage* system = request->mutable_chat()->add_messages();
  system->set_role("system");
  system->set_content(options.system);
  v1::ChatMessage* user = request->mutable_chat()->add_messages();
  user->set_role("user");
  user->set_content(std::move(prompt));
  return absl::OkStatus();
}

void SetFurtherSampling(const GenerateOptions& options, v1::SamplingParams* sampling) {
  if (options.min_p) sampling->set_min_p(*options.min_p);
  if (options.typical_p) sampling->set_typical_p(*options.typical_p);
  if (options.repetition_penalty) sampling->set_repetition_penalty(*options.repetition_penalty);
  sampling->set_presence_penalty(options.presence_penalty);
  sampling->set_frequency_penalty(options.frequency_penalty);
  for (const std::string& text : options.logit_bias) {
    LogitBias bias;
    if (!ParseLogitBias(text, &bias)) continue;
    v1::LogitBias* added = sampling->add_logit_bias();
    added->set_token(bias.token);
    added->set_bias(bias.bias);
  }
  sampling->set_min_tokens(options.min_tokens);
}

absl::StatusOr<v1::GenerateRequest> MakeRequest(const GenerateOptions& options, Streams& streams) {
  v1::GenerateRequest request;
  request.set_model(options.model);
  request.set_content_type(options.content_type);
  request.set_routing_key(options.routing_key);
  RETURN_IF_ERROR(SetInput(options, streams, &request));
  request.set_raw(options.raw);
  if (!options.tools_file.empty()) {
    ASSIGN_OR_RETURN(std::string tools, ReadTools(options.tools_file, streams.in));
    request.set_tools_json(std::move(tools));
  }
  ASSIGN_OR_RETURN(std::string variables, TemplateVariables(options.variables));
  request.set_template_variables_json(std::move(variables));
  request.set_chat_template(options.chat_template);
  request.set_parse_special(options.parse_special);
  v1::SamplingParams* sampling = request.mutable_sampling();
  if (options.model_sampling) sampling->set_model_defaults(true);
  if (options.temperature) sampling->set_temperature(*options.temperature);
  if (options.top_p) sampling->set_top_p(*options.top_p);
  if (options.top_k) sampling->set_top_k(*options.top_k);
  if (options.seed) sampling->set_seed(*options.seed);
  SetFurtherSampling(options, sampling);
  for (const std::string& stop : options.stop) request.add_stop(stop);
  request.mutable_stop_token_ids()->Assign(options.stop_tokens.begin(), options.stop_tokens.end());
  request.set_ignore_end_of_text(options.ignore_end_of_text);
  if (options.log_probabilities) request.set_log_probabilities(*options.log_probabilities);
  request.set_truncate_prompt_tokens(options.truncate_prompt);
  request.set_max_new_tokens(options.max_new_tokens);
  return request;
}

// Writes the model's text to out, and makes it safe for a terminal.
class TextWriter {
 public:
  explicit TextWriter(Streams& streams) : streams_(streams) {}

  void Write(const std::string& text) {
    if (text.empty()) return;
    streams_.out << (streams_.out_is_terminal ? filter_.Filter(text) : text) << std::flush;
    ends_line_ = text.back() == '\n';
  }

  // Ends the last line, so that a summary or a shell prompt begins on a new one.
  void Finish() {
    if (!ends_line_) streams_.out << "\n" << std::flush;
    ends_line_ = true;
  }

 private:
  Streams& streams_;
  TerminalFilter filter_;
  bool ends_line_ = true;
};

void WriteSummary(const v1::GenerateResponse& reply, Streams& streams) {
  streams.err << Bold(OneLine(reply.model()), streams.err_is_terminal && streams.color) << " ("
              << OneLine(reply.route().reason()) << ") | " << reply.usage().prompt_tokens() << " + "
              << reply.usage().completion_tokens() << " tokens, "
              << EnumWord(v1::FinishReason_Name(reply.finish_reason()), "FINISH_REASON_")
              << absl::StrFormat(" | first token %.0f ms | %.1f tok/s | ",
                                 reply.timings().first_token_ms(),
                                 reply.timings().tokens_per_second())
              << FormatUsd(reply.cost_usd()) << " | seed " << reply.seed() << " | id "
              << OneLine(reply.request_id()) << "\n";
}

// Explains to a person why a base model does not answer. Scripts do not need it.
void WriteNote(const v1::GenerateResponse& reply, Streams& streams) {
  if (!reply.no_chat_template() || !streams.err_is_terminal) return;
  streams.err << "note: " << OneLine(reply.model())
              << " is a base model without a chat template: it continued the prompt as it is\n";
}

int GenerateWhole(const Session& session, const v1::GenerateRequest& request) {
  return CallAndPrint(session, &Stub::Generate, request,
                      [&session](const v1::GenerateResponse& reply) {
                        TextWriter writer(session.streams);
                        writer.Write(reply.text());
                        writer.Finish();
                        WriteNote(reply, session.streams);
                        WriteSummary(reply, session.streams);
                      });
}

int GenerateStreamed(const Session& session, const v1::GenerateRequest& request) {
  TextWriter writer(session.streams);
  v1::GenerateResponse completed;
  const auto on_event = [&](const v1::GenerateStreamResponse& event) {
    if (session.arguments.json) {
      WriteJson(event, session.streams);
    } else if (event.has_delta()) {
      writer.Write(event.delta().text());
    }
    if (event.has_completed()) completed = event.completed();
  };
  const grpc::Status status =
      CallStream(session.connection, &Stub::GenerateStream, request, on_event);
  writer.Finish();
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) return kExitOk;
  WriteNote(completed, session.streams);
  WriteSummary(completed, session.streams);
  return kExitOk;
}

}  // namespace

int Generate(const Session& session) {
  const GenerateOptions& options = session.arguments.generate;
  const absl::StatusOr<v1::GenerateRequest> request = MakeRequest(options, session.streams);
  if (!request.ok()) return ReportUsageError(session, request.status());
  return options.no_stream ? GenerateWhole(session, *request) : GenerateStreamed(session, *request);
}

}  // namespace assay::client
