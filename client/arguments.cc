// The commands, their options and the help that teaches them.
#include "client/arguments.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/exit_code.h"

namespace assay::client {
namespace {

constexpr char kDefaultAddress[] = "127.0.0.1:50051";

constexpr char kExitCodes[] =
    "Exit codes: 0 ok, 1 the request (or the evaluation) failed, 2 bad usage or INVALID_ARGUMENT,\n"
    "3 server unreachable, 4 not found, 5 refused for now: try again, 6 deadline, 130 interrupted.";

constexpr char kFooter[] =
    "Examples:\n"
    "  assay models                                       which models the server has\n"
    "  assay generate --content-type linkedin \"Why we measure\"   one post, streamed\n"
    "  assay evaluate --content-type linkedin --prompts 3         how good, how fast, at what "
    "cost\n"
    "  assay --json evaluations get ID | jq .summaries             the same, for a script\n"
    "Each command has its own --help.\n\n";

constexpr char kGenerateFooter[] =
    "The text goes to standard output as it is made, a summary line to standard error.\n"
    "Examples:\n"
    "  assay generate --model smollm2_135m \"Write a haiku about rivers\"\n"
    "  assay generate --content-type twitter -f brief.txt > tweet.txt\n"
    "  git diff | assay generate --system \"You review code\" --max-new-tokens 200 -\n"
    "  assay generate --temperature 0.8 --top-p 0.95 --seed 7 \"Three names for a bakery\"\n"
    "  assay generate --messages chat.json --tools tools.json --set enable_thinking=false\n"
    "  assay --json generate --no-stream \"Hello\" | jq -r .text\n"
    "A prompt that begins with a dash goes after --. Ctrl-C cancels the request on the server.";

constexpr char kEvaluateFooter[] =
    "Runs every model on every prompt, scores the texts and shows a table; the runs go to MLflow.\n"
    "Examples:\n"
    "  assay evaluate                                     resident models, all prompts\n"
    "  assay evaluate --model smollm2_135m --content-type linkedin --content-type twitter\n"
    "  assay evaluate --prompts 3 --repeats 5 --name \"after the upgrade\"\n"
    "  assay evaluate --prompts-file mine.jsonl           your own prompts\n"
    "  id=$(assay evaluate --detach) && assay evaluations get $id\n"
    "A prompts file has one JSON object a line:\n"
    "  {\"id\": \"post-1\", \"content_type\": \"linkedin\", \"prompt\": \"Why we measure\"}\n"
    "Ctrl-C detaches: the evaluation goes on (stop it with `assay evaluations cancel ID`).";

constexpr char kEvaluationsFooter[] =
    "Examples:\n"
    "  assay evaluations list --limit 5\n"
    "  assay evaluations get 20260101-101500-a1b2\n"
    "  assay --json evaluations get ID --samples | jq -r '.samples[].text'\n"
    "  assay evaluations cancel ID";

constexpr char kModelsFooter[] =
    "Examples:\n"
    "  assay models\n"
    "  assay models smollm2_135m\n"
    "  assay --json models | jq -r '.models[].id'";

constexpr char kLoadFooter[] =
    "Loading a resident model changes nothing.\n"
    "Examples:\n"
    "  assay load smollm2_135m\n"
    "  assay --timeout 600 load big_model";

constexpr char kInspectFooter[] =
    "Reads headers, configuration and tokenizer, no weights. What has a slash or ends in .gguf is "
    "a\n"
    "path on the server's machine; the server must be on this one.\n"
    "Examples:\n"
    "  assay inspect smollm2_135m\n"
    "  assay inspect ~/models/bloom-560m\n"
    "  assay --json inspect ./model.gguf | jq .devices";

constexpr char kUnloadFooter[] =
    "Running requests finish first.\n"
    "Examples:\n"
    "  assay unload smollm2_135m";

void AddGenerate(CLI::App& app, Arguments& arguments) {
  GenerateOptions& o = arguments.generate;
  CLI::App* command = app.add_subcommand("generate", "Generate text from a prompt");
  CLI::Option* prompt = command->add_option("prompt", o.prompt, "The prompt; - = standard input");
  CLI::Option* file = command->add_option("-f,--file", o.file, "Read the prompt from this file");
  prompt->excludes(file);
  command->add_option("--model", o.model, "Model id (see `assay models`)");
  command->add_option("--content-type", o.content_type,
                      "Kind of content (linkedin, twitter, ...): its route picks the model");
  CLI::Option* system = command->add_option("--system", o.system, "System message of the chat");
  CLI::Option* messages = command->add_option(
      "--messages", o.messages_file,
      "A conversation: JSON list of {\"role\", \"content\", ...}; - = standard input");
  messages->excludes(prompt)->excludes(file)->excludes(system);
  CLI::Option* tools =
      command->add_option("--tools", o.tools_file, "Tools for the chat template: a JSON list");
  CLI::Option* variables =
      command
          ->add_option("--set", o.variables,
                       "NAME=VALUE for the chat template, JSON or text (may be repeated)")
          ->take_all()
          ->expected(1)
          ->allow_extra_args(false);
  command->add_option("--max-new-tokens", o.max_new_tokens, "Stop after that many tokens")
      ->check(CLI::PositiveNumber);
  command->add_option("--temperature", o.temperature, "0 = greedy (default), at most 2");
  command->add_option("--top-p", o.top_p, "Nucleus sampling, in (0, 1]; 1 = off");
  command->add_option("--top-k", o.top_k, "Keep the k likeliest tokens; 0 = off");
  command->add_option("--seed", o.seed, "Same seed, same text; drawn at random if not given");
  command->add_option("--stop", o.stop, "End before this text (may be repeated)")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  CLI::Option* raw = command->add_flag("--raw", o.raw, "No chat template: the prompt as it is");
  raw->excludes(system)->excludes(messages)->excludes(tools)->excludes(variables);
  command->add_flag("--no-stream", o.no_stream, "Wait for the whole text");
  command->footer(kGenerateFooter);
  command->callback([&arguments, prompt, file, messages] {
    if (prompt->count() == 0 && file->count() == 0 && messages->count() == 0) {
      throw CLI::ValidationError(
          "prompt", "give a prompt, -f FILE, --messages FILE, or - to read standard input");
    }
    arguments.command = Command::kGenerate;
  });
}

void AddEvaluate(CLI::App& app, Arguments& arguments) {
  EvaluateOptions& o = arguments.evaluate;
  CLI::App* command = app.add_subcommand("evaluate", "Measure and score models on prompts");
  command->add_option("--model", o.models, "Model id (may be repeated; default: resident models)")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command->add_option("--content-type", o.content_types, "Only this kind (may be repeated)")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command->add_option("--prompts", o.prompts_per_type, "Prompts of each content type; 0 = all")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--repeats", o.repeats, "How often each prompt is run (default 1)")
      ->check(CLI::PositiveNumber);
  command->add_option("--max-new-tokens", o.max_new_tokens, "Longest text, in tokens")
      ->check(CLI::PositiveNumber);
  command->add_option("--prompts-file", o.prompts_file, "Own prompts (JSONL, at most 64 MiB)");
  command->add_option("--name", o.name, "A name for people; also the note of the MLflow runs");
  command->add_flag("--detach", o.detach, "Start it, print its id, leave");
  command->add_flag("--no-wait", o.no_wait, "Do not wait for the addresses of the MLflow runs");
  command->footer(kEvaluateFooter);
  command->callback([&arguments] { arguments.command = Command::kEvaluate; });
}

void AddEvaluations(CLI::App& app, Arguments& arguments) {
  CLI::App* group = app.add_subcommand("evaluations", "List, read and cancel evaluations");
  group->require_subcommand(1);
  group->footer(kEvaluationsFooter);
  CLI::App* list = group->add_subcommand("list", "Evaluations, newest first");
  list->add_option("--limit", arguments.limit, "At most that many (default 50)")
      ->check(CLI::Range(1, 1000));
  list->callback([&arguments] { arguments.command = Command::kListEvaluations; });
  CLI::App* get = group->add_subcommand("get", "State, table and MLflow runs of one evaluation");
  get->add_option("id", arguments.id, "The evaluation")->required();
  get->add_flag("--samples", arguments.include_samples, "With --json: every sample too");
  get->callback([&arguments] { arguments.command = Command::kGetEvaluation; });
  CLI::App* cancel = group->add_subcommand("cancel", "Stop one after the sample at hand");
  cancel->add_option("id", arguments.id, "The evaluation")->required();
  cancel->callback([&arguments] { arguments.command = Command::kCancelEvaluation; });
}

void AddModels(CLI::App& app, Arguments& arguments) {
  CLI::App* models = app.add_subcommand("models", "List the models, or show one");
  models->add_option("id", arguments.id, "Show this model in detail");
  models->footer(kModelsFooter);
  models->callback([&arguments] { arguments.command = Command::kModels; });
  CLI::App* load = app.add_subcommand("load", "Make a model resident");
  load->add_option("id", arguments.id, "The model")->required();
  load->footer(kLoadFooter);
  load->callback([&arguments] { arguments.command = Command::kLoad; });
  CLI::App* unload = app.add_subcommand("unload", "Free a resident model");
  unload->add_option("id", arguments.id, "The model")->required();
  unload->footer(kUnloadFooter);
  unload->callback([&arguments] { arguments.command = Command::kUnload; });
  CLI::App* inspect = app.add_subcommand("inspect", "What a model is and what it would take");
  inspect->add_option("target", arguments.id, "A model's id, a GGUF file or a folder")->required();
  inspect->footer(kInspectFooter);
  inspect->callback([&arguments] { arguments.command = Command::kInspect; });
}

}  // namespace

std::optional<int> ParseArguments(const std::vector<std::string>& words, Streams& streams,
                                  Arguments& arguments) {
  arguments.address = kDefaultAddress;
  CLI::App app{"Talks to assayd: generates text, evaluates models, loads and unloads them.",
               "assay"};
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(std::string(kFooter) + kExitCodes);
  app.add_option("--address", arguments.address, "host:port of assayd")
      ->envname("ASSAY_ADDRESS")
      ->capture_default_str();
  app.add_option("--timeout", arguments.timeout_seconds, "Give up after that many SECONDS")
      ->check(CLI::PositiveNumber);
  app.add_flag("--json", arguments.json,
               "protobuf JSON: one document on a line, streams one event a line");
  app.set_version_flag("--version", std::string("assay ") + ASSAY_VERSION);
  AddGenerate(app, arguments);
  AddEvaluate(app, arguments);
  AddEvaluations(app, arguments);
  AddModels(app, arguments);

  // CLI11 takes the words last to first.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, streams.out, streams.err);
    streams.err << "assay: INVALID_ARGUMENT: " << OneLine(error.what()) << " (see `assay";
    for (const CLI::App* chosen : app.get_subcommands()) streams.err << " " << chosen->get_name();
    streams.err << " --help`)\n";
    return kExitUsage;
  }
  return std::nullopt;
}

}  // namespace assay::client
