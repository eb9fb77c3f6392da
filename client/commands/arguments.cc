// The commands, their options and the help that teaches them.
#include "client/commands/arguments.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "client/input/plan_file.h"
#include "client/terminal/exit_code.h"

namespace assay::client {
namespace {

constexpr char kDefaultAddress[] = "127.0.0.1:50051";

constexpr size_t kMaxIdBytes = 128;

constexpr char kExitCodes[] =
    "Exit codes: 0 ok, 1 the request (or the evaluation) failed, or was cancelled,\n"
    "2 bad usage or INVALID_ARGUMENT, 3 server unreachable, 4 not found,\n"
    "5 refused for now: try again, 6 deadline, 7 the results do not meet the gate,\n"
    "8 (inspect) the model cannot be loaded, 130 interrupted.";

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
    "  assay evaluate --plan study.yaml --report study.html       a whole study, and its report\n"
    "  assay evaluate --gate \"quality >= 6 AND latency/p90 <= 2\" exit code 7 if it is not met\n"
    "  assay evaluate --replay ID                         the same plan in the same order\n"
    "  id=$(assay evaluate --detach) && assay evaluations get $id\n"
    "A prompts file has one JSON object a line:\n"
    "  {\"id\": \"post-1\", \"content_type\": \"linkedin\", \"prompt\": \"Why we measure\"}\n"
    "Ctrl-C detaches: the evaluation goes on (stop it with `assay evaluations cancel ID`). It goes "
    "on too\nwhen the server is stopped and started again. Plans, gates, reports: "
    "docs/evaluation.md.";

constexpr char kEvaluationsFooter[] =
    "Examples:\n"
    "  assay evaluations list --limit 5\n"
    "  assay evaluations get 20260101-101500-a1b2\n"
    "  assay --json evaluations get ID --samples | jq -r '.samples[].text'\n"
    "  assay evaluations report ID --output report.html\n"
    "  assay evaluations report ID --format csv > samples.csv\n"
    "  assay evaluations compare BASELINE_ID CANDIDATE_ID\n"
    "  assay evaluations gate ID \"quality >= 6 AND success_rate >= 0.99\"\n"
    "  assay evaluations cancel ID";

constexpr char kModelsFooter[] =
    "Examples:\n"
    "  assay models\n"
    "  assay models smollm2_135m\n"
    "  assay models --all                                 what `assay pull` could fetch\n"
    "  assay --json models | jq -r '.models[].id'";

constexpr char kLoadFooter[] =
    "Loading a resident model changes nothing.\n"
    "Examples:\n"
    "  assay load smollm2_135m\n"
    "  assay --timeout 600 load big_model";

constexpr char kInspectFooter[] =
    "Reads headers, configuration and tokenizer, no weights. What has a slash or ends in .gguf is "
    "a\n"
    "path on the server's machine; the server must be on this one. Exit code 8: the model cannot "
    "be\n"
    "loaded there, because of its files (the reason is printed) or because no device fits it.\n"
    "Examples:\n"
    "  assay inspect smollm2_135m\n"
    "  assay inspect ~/models/bloom-560m\n"
    "  assay --json inspect ./model.gguf | jq .devices";

constexpr char kHealthFooter[] =
    "Exit code 0: serves; 1: does not, a model because it is not resident or its breaker is open, "
    "the\nserver because it is stopping. Loads nothing: also for container and load balancer "
    "checks.\n"
    "Examples:\n"
    "  assay health\n"
    "  assay --timeout 2 health smollm2_135m && echo warm";

constexpr char kPullFooter[] =
    "The server downloads into the cache that huggingface_hub uses (HF_HUB_CACHE, HF_HOME), checks "
    "what came and goes on where an earlier pull broke off.\n"
    "Examples:\n"
    "  assay pull bloom_560m\n"
    "  assay pull bloom_560m --json";
constexpr char kReloadFooter[] =
    "SIGHUP to assayd does the same. A catalog with an error changes nothing.\n"
    "Examples:\n"
    "  assay reload";
constexpr char kUnloadFooter[] =
    "Running requests finish first.\n"
    "Examples:\n"
    "  assay unload smollm2_135m";

constexpr char kRoutesFooter[] =
    "Examples:\n"
    "  assay routes                                       which content type goes where\n"
    "  assay routes explain --content-type blog           why, with every candidate's evidence\n"
    "  assay routes set email smollm2_135m                one content type to one model\n"
    "  assay routes set routes.yaml                       all of them, as in models.yaml:\n"
    "    routes:\n"
    "      email: { rule: weighted, models: { a: 90, b: 10 } }\n"
    "      blog: { rule: auto, max_latency: 2s, fallback: [a] }\n"
    "  assay routes reset                                 back to the catalog's\n"
    "What is set goes before the catalog's routes and stays after a restart.";

// As the server takes it; CLI11 shows what is returned, empty = right.
std::string IsRequestId(const std::string& id) {
  const bool visible = std::all_of(id.begin(), id.end(), absl::ascii_isgraph);
  if (visible && !id.empty() && id.size() <= kMaxIdBytes) return "";
  return "must be 1 to 128 visible ASCII characters, without spaces";
}

void AddGenerate(CLI::App& app, Arguments& arguments) {
  GenerateOptions& o = arguments.generate;
  CLI::App* command = app.add_subcommand("generate", "Generate text from a prompt");
  CLI::Option* prompt = command->add_option("prompt", o.prompt, "The prompt; - = standard input");
  CLI::Option* file = command->add_option("-f,--file", o.file, "Read the prompt from this file");
  prompt->excludes(file);
  command->add_option("--model", o.model, "Model id (see `assay models`)");
  command->add_option("--content-type", o.content_type,
                      "Kind of content (linkedin, twitter, ...): its route picks the model");
  command->add_option("--key", o.routing_key,
                      "Where a content type is shared by weight: one key, one model");
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

// One word each time; may be repeated.
CLI::Option* AddList(CLI::App* command, const std::string& name, std::vector<std::string>& words,
                     const std::string& help) {
  return command->add_option(name, words, help)->take_all()->expected(1)->allow_extra_args(false);
}

// What is run, unless a file or an earlier evaluation says so.
std::vector<CLI::Option*> AddEvaluationPlan(CLI::App* command, EvaluateOptions& o) {
  return {
      AddList(command, "--model", o.models, "Model id (may be repeated; default: resident models)"),
      AddList(command, "--content-type", o.content_types, "Only this kind (may be repeated)"),
      command->add_option("--prompts", o.prompts_per_type, "Prompts of each content type; 0 = all")
          ->check(CLI::NonNegativeNumber),
      command->add_option("--repeats", o.repeats, "How often each prompt is run (default 1)")
          ->check(CLI::Range(1, kMaxRepeats)),
      command->add_option("--max-new-tokens", o.max_new_tokens, "Longest text, in tokens")
          ->check(CLI::PositiveNumber),
      command->add_option("--prompts-file", o.prompts_file, "Own prompts (JSONL, at most 64 MiB)"),
      AddList(command, "--scorer", o.scorers,
              "Scorer (may be repeated; the first decides; default: assay, classic)"),
      command->add_option("--baseline", o.baseline,
                          "The model that the others are compared with (default: the first)"),
  };
}

void AddEvaluate(CLI::App& app, Arguments& arguments) {
  EvaluateOptions& o = arguments.evaluate;
  CLI::App* command = app.add_subcommand("evaluate", "Measure and score models on prompts");
  const std::vector<CLI::Option*> own = AddEvaluationPlan(command, o);
  CLI::Option* plan = command->add_option("--plan", o.plan_file, "A plan (YAML) that says it all");
  CLI::Option* replay =
      command->add_option("--replay", o.replay_of, "The plan of an earlier evaluation, again");
  plan->excludes(replay);
  for (CLI::Option* option : own) {
    plan->excludes(option);
    replay->excludes(option);
  }
  command->add_option("--order-seed", o.order_seed,
                      "Seed of the order of the samples; 0 = drawn (and told)");
  command->add_option("--gate", o.gate, "A condition on the results; exit code 7 if not met");
  command->add_option("--report", o.report,
                      "Write a report at the end: .html, .md, .json, .jsonl or .csv");
  command->add_option("--name", o.name, "A name for people; also the note of the MLflow runs");
  command->add_flag("--detach", o.detach, "Start it, print its id, leave");
  command->add_flag("--no-wait", o.no_wait, "Do not wait for the addresses of the MLflow runs");
  command->footer(kEvaluateFooter);
  command->callback([&arguments] { arguments.command = Command::kEvaluate; });
}

void AddCompare(CLI::App* group, Arguments& arguments) {
  CompareOptions& o = arguments.compare;
  CLI::App* command =
      group->add_subcommand("compare", "Two evaluations, or two models of one, paired by prompt");
  command->add_option("baseline", o.baseline, "Evaluation of the baseline")->required();
  command->add_option("candidate", o.candidate, "Evaluation of the candidate")->required();
  command->add_option("--baseline-model", o.baseline_model, "Needed if there are several");
  command->add_option("--candidate-model", o.candidate_model, "Needed if there are several");
  command->add_option("--alpha", o.alpha, "Level of the tests (default 0.05)")
      ->check(CLI::Range(0.0, 0.5));
  command->callback([&arguments] { arguments.command = Command::kCompareEvaluations; });
}

void AddEvaluations(CLI::App& app, Arguments& arguments) {
  CLI::App* group =
      app.add_subcommand("evaluations", "List, read, compare, report and cancel evaluations");
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
  CLI::App* report = group->add_subcommand("report", "One evaluation as a document");
  report->add_option("id", arguments.id, "The evaluation")->required();
  report->add_option("--format", arguments.report.format, "Default: by the output's extension")
      ->check(CLI::IsMember({"markdown", "html", "json", "jsonl", "csv", "lm-eval"}));
  report->add_option("--output,-o", arguments.report.output, "File (default: standard output)");
  report->callback([&arguments] { arguments.command = Command::kReportEvaluation; });
  AddCompare(group, arguments);
  CLI::App* gate =
      group->add_subcommand("gate", "Do the results meet a condition? Exit code 7: no");
  gate->add_option("id", arguments.id, "The evaluation")->required();
  gate->add_option("gate", arguments.evaluate.gate, "As in \"quality >= 6 AND latency/p90 <= 2\"")
      ->required();
  gate->callback([&arguments] { arguments.command = Command::kGateEvaluation; });
  CLI::App* cancel = group->add_subcommand("cancel", "Stop one after the sample at hand");
  cancel->add_option("id", arguments.id, "The evaluation")->required();
  cancel->callback([&arguments] { arguments.command = Command::kCancelEvaluation; });
}

void AddModels(CLI::App& app, Arguments& arguments) {
  CLI::App* models = app.add_subcommand("models", "List the models, or show one");
  models->add_option("id", arguments.id, "Show this model in detail");
  models->add_flag("--all", arguments.all, "Those that come with Assay too, downloaded or not");
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
  CLI::App* pull = app.add_subcommand("pull", "Download a model from the Hub, without loading it");
  pull->add_option("id", arguments.id, "The model")->required();
  pull->footer(kPullFooter);
  pull->callback([&arguments] { arguments.command = Command::kPull; });
  CLI::App* reload = app.add_subcommand("reload", "Let the server read its catalog again");
  reload->footer(kReloadFooter);
  reload->callback([&arguments] { arguments.command = Command::kReload; });
  CLI::App* inspect = app.add_subcommand("inspect", "What a model is and what it would take");
  inspect->add_option("target", arguments.id, "A model's id, a GGUF file or a folder")->required();
  inspect->footer(kInspectFooter);
  inspect->callback([&arguments] { arguments.command = Command::kInspect; });
  CLI::App* health = app.add_subcommand("health", "Does the server, or one model, serve?");
  health->add_option("id", arguments.id, "The model (default: the server as a whole)");
  health->footer(kHealthFooter);
  health->callback([&arguments] { arguments.command = Command::kHealth; });
}

void AddRoutes(CLI::App& app, Arguments& arguments) {
  RoutesOptions& o = arguments.routes;
  CLI::App* group = app.add_subcommand("routes", "Which content type goes to which model, and why");
  group->require_subcommand(0, 1);
  group->footer(kRoutesFooter);
  CLI::App* set = group->add_subcommand("set", "Replace the routes, or one content type's");
  set->add_option("target", o.target, "A YAML file, or a content type and a model")
      ->required()
      ->expected(1, 2);
  CLI::App* reset = group->add_subcommand("reset", "Back to the catalog's routes");
  CLI::App* explain =
      group->add_subcommand("explain", "Where a request would go; computes nothing");
  explain->add_option("--content-type", o.content_type, "As in generate");
  explain->add_option("--model", o.model, "As in generate");
  explain->add_option("--key", o.key, "As in generate");
  explain->add_option("prompt", o.prompt, "A prompt, where the server classifies them");
  group->callback([&arguments, set, reset, explain] {
    arguments.command = Command::kShowRoutes;
    if (set->parsed()) arguments.command = Command::kSetRoutes;
    if (reset->parsed()) arguments.command = Command::kResetRoutes;
    if (explain->parsed()) arguments.command = Command::kExplainRoute;
  });
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
  app.add_option("--request-id", arguments.request_id,
                 "What the server's log and traces call this request (default: drawn); a trace of "
                 "your own goes on from TRACEPARENT")
      ->check(IsRequestId);
  app.add_flag("--json", arguments.json,
               "protobuf JSON: one document on a line, streams one event a line");
  app.set_version_flag("--version", std::string("assay ") + ASSAY_VERSION);
  AddGenerate(app, arguments);
  AddEvaluate(app, arguments);
  AddEvaluations(app, arguments);
  AddModels(app, arguments);
  AddRoutes(app, arguments);

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
