// The options of `assay generate`.
#include "client/commands/generate_arguments.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/commands/help_texts.h"
#include "client/commands/option_kinds.h"

namespace assay::client {
namespace {

// Returns an empty string if `text` is TOKEN=BIAS, otherwise what is wrong.
std::string CheckLogitBias(const std::string& text) {
  LogitBias unused;
  return ParseLogitBias(text, &unused)
             ? ""
             : absl::StrCat("'", text, "' is not TOKEN=BIAS, such as 42=-5");
}

void AddSampling(CLI::App* command, GenerateOptions& o) {
  command->add_option("--temperature", o.temperature,
                      "Sampling temperature, 0 to 2; 0 is greedy (default)");
  command->add_option("--top-p", o.top_p,
                      "Nucleus sampling: probability mass to keep, in (0, 1]; 1 is off");
  command->add_option("--top-k", o.top_k, "Keep the k most likely tokens; 0 is off");
  command->add_option("--min-p", o.min_p,
                      "Keep the tokens with this share of the largest probability; 0 is off");
  command->add_option("--typical-p", o.typical_p,
                      "Locally typical sampling: probability mass to keep, in (0, 1]; 1 is off");
  command->add_option("--repetition-penalty", o.repetition_penalty,
                      "Makes tokens of the prompt and the text less likely, in (0, 10]; 1 is off");
  command->add_option("--presence-penalty", o.presence_penalty,
                      "Subtracted from the logits of generated tokens, -2 to 2");
  command->add_option("--frequency-penalty", o.frequency_penalty,
                      "Subtracted from the logits of generated tokens times their number, -2 to 2");
  AddList(command, "--logit-bias", o.logit_bias,
          "TOKEN=BIAS: added to the logit of a token id, -100 to 100 (repeatable)")
      ->check(CheckLogitBias);
  command->add_flag("--model-sampling", o.model_sampling,
                    "Sampling that the model's files suggest, where no option sets it (see `assay "
                    "inspect`)");
  command->add_option("--seed", o.seed,
                      "Seed of the sampling: the same seed gives the same text (default: random)");
  AddList(command, "--stop", o.stop, "Stop sequence: end the text before it (repeatable)");
  command
      ->add_option("--stop-token", o.stop_tokens, "End the text before this token id (repeatable)")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--min-tokens", o.min_tokens, "The text has at least so many tokens");
  command->add_flag("--ignore-eos", o.ignore_end_of_text,
                    "The end-of-text token does not end the text");
  command->add_option("--log-probabilities", o.log_probabilities,
                      "With --json: report the log-probability of each token, and of the K most "
                      "likely ones, 0 to 20");
  command
      ->add_option("--truncate-prompt", o.truncate_prompt,
                   "Use the last N tokens of a longer prompt")
      ->check(CLI::PositiveNumber);
}

}  // namespace

bool ParseLogitBias(const std::string& text, LogitBias* bias) {
  const size_t equals = text.find('=');
  return equals != std::string::npos && absl::SimpleAtoi(text.substr(0, equals), &bias->token) &&
         absl::SimpleAtof(text.substr(equals + 1), &bias->bias);
}

void AddGenerate(CLI::App& app, Arguments& arguments) {
  GenerateOptions& o = arguments.generate;
  CLI::App* command = app.add_subcommand("generate", "Generate a text from a prompt");
  CLI::Option* prompt =
      command->add_option("prompt", o.prompt, "The prompt; - reads it from standard input");
  CLI::Option* file = command->add_option("-f,--file", o.file, "Read the prompt from this file");
  prompt->excludes(file);
  command->add_option("--model", o.model, "Model id (see `assay models`)");
  command->add_option("--content-type", o.content_type,
                      "Content type (linkedin, twitter, ...); its route chooses the model");
  command->add_option("--key", o.routing_key,
                      "Routing key: on a weighted route, the same key always gets the same model");
  CLI::Option* system =
      command->add_option("--system", o.system, "System message, before the prompt");
  CLI::Option* messages = command->add_option(
      "--messages", o.messages_file,
      "File with a conversation, a JSON list of {\"role\", \"content\", ...}; - reads it from "
      "standard input");
  messages->excludes(prompt)->excludes(file)->excludes(system);
  CLI::Option* tools = command->add_option("--tools", o.tools_file,
                                           "File with the tools of the chat template, a JSON list");
  CLI::Option* variables =
      AddList(command, "--set", o.variables,
              "NAME=VALUE: variable of the chat template, JSON or text (repeatable)");
  CLI::Option* chat_template = command->add_option(
      "--chat-template", o.chat_template,
      "Name of one of the model's chat templates (default: tool_use with --tools, else default)");
  command->add_flag("--parse-special", o.parse_special,
                    "Special tokens that are spelled in the prompt or the messages become tokens");
  command->add_option("--max-new-tokens", o.max_new_tokens, "Maximum number of tokens to generate")
      ->check(CLI::PositiveNumber);
  AddSampling(command, o);
  CLI::Option* raw =
      command->add_flag("--raw", o.raw, "Use the prompt as it is, without the chat template");
  raw->excludes(system)->excludes(messages)->excludes(tools)->excludes(variables);
  raw->excludes(chat_template);
  command->add_flag("--no-stream", o.no_stream, "Print the text when it is complete");
  command->footer(kGenerateHelp);
  command->callback([&arguments, prompt, file, messages] {
    if (prompt->count() == 0 && file->count() == 0 && messages->count() == 0) {
      throw CLI::ValidationError(
          "prompt",
          "is required: give a prompt, -f FILE, --messages FILE, or - to read standard input");
    }
    arguments.command = Command::kGenerate;
  });
}

}  // namespace assay::client
