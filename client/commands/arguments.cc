// Parses the command line: commands, options and their help.
#include "client/commands/arguments.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "client/commands/generate_arguments.h"
#include "client/commands/help_texts.h"
#include "client/commands/key_arguments.h"
#include "client/commands/option_kinds.h"
#include "client/commands/usage_error.h"
#include "client/input/plan_file.h"
#include "client/terminal/exit_code.h"

namespace assay::client {
namespace {

constexpr char kDefaultAddress[] = "127.0.0.1:50051";

constexpr size_t kMaxIdBytes = 128;
constexpr int kMaxPairs = 1'000'000;

// Applies the server's rule for request ids. Returns the error, or an empty string (as CLI11's
// validators do).
std::string CheckRequestId(const std::string& id) {
  const bool visible = std::all_of(id.begin(), id.end(), absl::ascii_isgraph);
  if (visible && !id.empty() && id.size() <= kMaxIdBytes) return "";
  return "must be 1 to 128 visible ASCII characters, without spaces";
}

void AddEmbed(CLI::App& app, Arguments& arguments) {
  EmbedOptions& o = arguments.embed;
  CLI::App* command = app.add_subcommand("embed", "Compute the vectors of texts with an encoder");
  command->add_option("--model", o.model, "Id of an encoder (see `assay models`)")->required();
  CLI::Option* texts = command->add_option("text", o.texts, "The texts");
  CLI::Option* file = command->add_option(
      "-f,--file", o.file, "JSONL file with one {\"text\": \"...\"} per line (at most 64 MiB)");
  texts->excludes(file);
  CLI::Option* similarity =
      command->add_flag("--similarity", o.similarity,
                        "Print the cosine similarity of each text with each other, no vectors");
  command
      ->add_flag("--no-normalize", o.no_normalize,
                 "Print vectors as the pooling leaves them (default: of length 1)")
      ->excludes(similarity);
  command->footer(kEmbedHelp);
  command->callback([&arguments, texts, file] {
    if (texts->count() == 0 && file->count() == 0) {
      throw CLI::ValidationError("text", "is required: give one or more texts, or -f FILE");
    }
    arguments.command = Command::kEmbed;
  });
}

// Adds the options that describe what to run. --plan and --replay exclude them.
std::vector<CLI::Option*> AddEvaluationPlan(CLI::App* command, EvaluateOptions& o) {
  std::vector<CLI::Option*> options = {
      AddList(command, "--model", o.models, "Model id (repeatable; default: the resident models)"),
      AddList(command, "--content-type", o.content_types,
              "Only prompts of this content type (repeatable; default: all)"),
      command->add_option("--repeats", o.repeats, "Number of runs of each prompt (default 1)")
          ->check(CLI::Range(1, kMaxRepeats)),
      command->add_option("--max-new-tokens", o.max_new_tokens, "Maximum number of tokens per text")
          ->check(CLI::PositiveNumber),
      AddList(command, "--scorer", o.scorers,
              "Scorer (repeatable; the first is the primary one; default: assay, classic)"),
      command->add_option("--baseline", o.baseline,
                          "Model that the others are compared with (default: the first)"),
      command
          ->add_option("--failures", o.failures,
                       "Score of failed generations: zero (default), or leave-out")
          ->check(CLI::IsMember({"zero", "leave-out"})),
  };
  AddPromptSource(command, o, &options);
  return options;
}

void AddScore(CLI::App& app, Arguments& arguments) {
  ScoreOptions& o = arguments.score;
  CLI::App* command = app.add_subcommand("score", "Score a text that any writer wrote");
  CLI::Option* text =
      command->add_option("file", o.text_file, "File of the text; \"-\" is standard input");
  CLI::Option* jsonl = command->add_option(
      "--jsonl", o.jsonl_file,
      "JSONL file with one {\"text\": ..., \"prompt\": ..., \"content_type\": ...} per line");
  text->excludes(jsonl);
  command->add_option("--content-type", o.content_type,
                      "Content type, which selects the rules (default: those of other types)");
  CLI::Option* prompt =
      command->add_option("--prompt", o.prompt, "The prompt that the text answers");
  command->add_option("--prompt-file", o.prompt_file, "File of the prompt")->excludes(prompt);
  command->add_option("--reference", o.reference_file,
                      "File of a good answer, for scorers that compare texts");
  AddList(command, "--scorer", o.scorers, "Name of a scorer; repeatable (default: assay)");
  AddList(command, "--must-include", o.must_include,
          "A word that the text must contain; repeatable");
  command->add_option("--max-characters", o.max_characters, "Maximum length of the text (0: none)")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--truncated", o.truncated, "A token limit cut the text");
  command->footer(kScoreHelp);
  command->callback([&arguments, text, jsonl] {
    if (text->count() == 0 && jsonl->count() == 0) {
      throw CLI::ValidationError("file", "is required: give a FILE, \"-\" or --jsonl FILE");
    }
    arguments.command = Command::kScore;
  });
}

void AddEarlyStop(CLI::App* command, EvaluateOptions& o, CLI::Option* replay) {
  constexpr int kMinLooks = 2;
  constexpr int kMaxLooks = 20;
  CLI::Option* stop =
      command->add_flag("--stop-early", o.stop_early,
                        "End as soon as every two candidates are shown to differ in quality");
  replay->excludes(stop);
  command->add_option("--looks", o.looks, "Number of looks of --stop-early (default 5)")
      ->check(CLI::Range(kMinLooks, kMaxLooks))
      ->needs(stop);
  command
      ->add_flag("--stop-for-futility", o.stop_for_futility,
                 "With --stop-early, also end if no other difference is likely to be shown")
      ->needs(stop);
}

void AddEvaluate(CLI::App& app, Arguments& arguments) {
  EvaluateOptions& o = arguments.evaluate;
  CLI::App* command =
      app.add_subcommand("evaluate", "Run models on prompts, measure them and score their texts");
  const std::vector<CLI::Option*> own = AddEvaluationPlan(command, o);
  CLI::Option* plan =
      command->add_option("--plan", o.plan_file, "File with a complete plan (YAML)");
  CLI::Option* replay = command->add_option("--replay", o.replay_of,
                                            "Id of an earlier evaluation whose plan is run again");
  plan->excludes(replay);
  for (CLI::Option* option : own) {
    plan->excludes(option);
    replay->excludes(option);
  }
  command->add_option("--order-seed", o.order_seed,
                      "Seed for the order of the samples; 0 draws one and reports it (default)");
  command->add_option("--gate", o.gate,
                      "Condition on the results; exit code 7 if it fails, 9 if it is undecided");
  CLI::Option* detect =
      command
          ->add_option("--detect", o.detect,
                       "Refuse the plan if it cannot detect a difference of so many points")
          ->check(CLI::Range(0.0, 10.0));
  command->add_flag("--anyway", o.anyway, "Run a plan that --detect would refuse")->needs(detect);
  AddEarlyStop(command, o, replay);
  command->add_flag("--dry-run", o.dry_run,
                    "Only show what the plan can detect, how long it takes and what it costs");
  command->add_option("--report", o.report,
                      "File for a report at the end: .html, .md, .json, .jsonl or .csv");
  command->add_option("--name", o.name, "Name of the evaluation, also the note of its MLflow runs");
  command->add_flag("--detach", o.detach, "Start the evaluation, print its id and leave");
  command->add_flag("--no-wait", o.no_wait, "Do not wait for the addresses of the MLflow runs");
  command->footer(kEvaluateHelp);
  command->callback([&arguments] { arguments.command = Command::kEvaluate; });
}

void AddCompare(CLI::App* group, Arguments& arguments) {
  CompareOptions& o = arguments.compare;
  CLI::App* command = group->add_subcommand(
      "compare", "Compare two evaluations, or two models of one, paired by prompt");
  command->add_option("baseline", o.baseline, "Id of the baseline's evaluation")->required();
  command->add_option("candidate", o.candidate, "Id of the candidate's evaluation; may be the same")
      ->required();
  command->add_option("--baseline-model", o.baseline_model,
                      "Model of the baseline, required if its evaluation has several");
  command->add_option("--candidate-model", o.candidate_model,
                      "Model of the candidate, required if its evaluation has several");
  command->add_option("--alpha", o.alpha, "Significance level of the tests (default 0.05)")
      ->check(CLI::Range(0.0, 0.5));
  command
      ->add_option("--failures", o.failures,
                   "Score of failed generations: zero (default), or leave-out")
      ->check(CLI::IsMember({"zero", "leave-out"}));
  command->add_option("--gate", o.gate,
                      "Condition, such as \"candidate - baseline >= -0.3\"; exit code 7 if it "
                      "fails, 9 if it is undecided");
  command->add_flag("--prompts", o.prompts,
                    "Also show the differences on single prompts, the worst regression first");
  command->callback([&arguments] { arguments.command = Command::kCompareEvaluations; });
}

void AddDiff(CLI::App* group, Arguments& arguments) {
  DiffOptions& o = arguments.diff;
  CLI::App* command =
      group->add_subcommand("diff", "Show two candidates' texts of one prompt next to each other");
  command->add_option("id", arguments.id, "Id of the evaluation")->required();
  command->add_option("--prompt", o.prompt, "Id of the prompt")->required();
  command
      ->add_option("--candidate", o.candidates,
                   "Candidate; repeat it for the second one (default: the baseline and the other)")
      ->expected(1, 2);
  command->add_option("--repeat", o.repeat, "Number of the repeat, from 0 (default 0)")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--words", o.words, "Mark the words that differ instead");
  command->callback([&arguments] { arguments.command = Command::kDiffEvaluation; });
}

void AddEvaluations(CLI::App& app, Arguments& arguments) {
  CLI::App* group = app.add_subcommand(
      "evaluations", "List, show, compare, report, check, cancel and delete evaluations");
  group->require_subcommand(1);
  group->footer(kEvaluationsHelp);
  CLI::App* list = group->add_subcommand("list", "List the evaluations, newest first");
  list->add_option("--limit", arguments.limit, "Maximum number of evaluations (default 50)")
      ->check(CLI::Range(1, 1000));
  list->callback([&arguments] { arguments.command = Command::kListEvaluations; });
  CLI::App* get = group->add_subcommand(
      "get", "Show the state, the results and the MLflow runs of an evaluation");
  get->add_option("id", arguments.id, "Id of the evaluation")->required();
  get->add_flag("--samples", arguments.include_samples, "With --json: include every sample");
  get->callback([&arguments] { arguments.command = Command::kGetEvaluation; });
  CLI::App* report = group->add_subcommand("report", "Write an evaluation as a document");
  report->add_option("id", arguments.id, "Id of the evaluation")->required();
  report
      ->add_option("--format", arguments.report.format,
                   "Format of the document (default: by the extension of --output)")
      ->check(CLI::IsMember({"markdown", "html", "json", "jsonl", "csv", "lm-eval"}));
  report->add_option("--output,-o", arguments.report.output,
                     "File for the document (default: standard output)");
  report->callback([&arguments] { arguments.command = Command::kReportEvaluation; });
  AddCompare(group, arguments);
  AddDiff(group, arguments);
  CLI::App* gate = group->add_subcommand(
      "gate", "Check a condition on the results; exit code 7 if it fails, 9 if undecided");
  gate->add_option("id", arguments.id, "Id of the evaluation")->required();
  gate->add_option("gate", arguments.evaluate.gate,
                   "Condition, such as \"quality >= 6 AND b - a >= -0.3 @95%\"")
      ->required();
  gate->callback([&arguments] { arguments.command = Command::kGateEvaluation; });
  CLI::App* cancel =
      group->add_subcommand("cancel", "Stop an evaluation at once; its finished samples are kept");
  cancel->add_option("id", arguments.id, "Id of the evaluation")->required();
  cancel->callback([&arguments] { arguments.command = Command::kCancelEvaluation; });
  AddDeleteEvaluations(group, arguments);
}

void AddModels(CLI::App& app, Arguments& arguments) {
  CLI::App* models = app.add_subcommand("models", "List the models, or show one");
  models->add_option("id", arguments.id, "Show only this model, in detail");
  models->add_flag("--all", arguments.all, "Also list the built-in models, downloaded or not");
  models->footer(kModelsHelp);
  models->callback([&arguments] { arguments.command = Command::kModels; });
  CLI::App* load = app.add_subcommand("load", "Load a model into memory");
  load->add_option("id", arguments.id, "Id of the model")->required();
  load->footer(kLoadHelp);
  load->callback([&arguments] { arguments.command = Command::kLoad; });
  CLI::App* unload = app.add_subcommand("unload", "Remove a model from memory");
  unload->add_option("id", arguments.id, "Id of the model")->required();
  unload->footer(kUnloadHelp);
  unload->callback([&arguments] { arguments.command = Command::kUnload; });
  CLI::App* pull = app.add_subcommand("pull", "Download a model from the Hub without loading it");
  pull->add_option("id", arguments.id, "Id of the model")->required();
  pull->footer(kPullHelp);
  pull->callback([&arguments] { arguments.command = Command::kPull; });
  CLI::App* reload = app.add_subcommand("reload", "Make the server read its catalog again");
  reload->footer(kReloadHelp);
  reload->callback([&arguments] { arguments.command = Command::kReload; });
  CLI::App* inspect =
      app.add_subcommand("inspect", "Show a model's properties and the memory it needs");
  inspect->add_option("target", arguments.id, "A model's id, a GGUF file or a model folder")
      ->required();
  inspect->footer(kInspectHelp);
  inspect->callback([&arguments] { arguments.command = Command::kInspect; });
  CLI::App* health =
      app.add_subcommand("health", "Check whether the server, or a model, serves requests");
  health->add_option("id", arguments.id, "Id of the model (default: the server as a whole)");
  health->footer(kHealthHelp);
  health->callback([&arguments] { arguments.command = Command::kHealth; });
}

void AddRoutes(CLI::App& app, Arguments& arguments) {
  RoutesOptions& o = arguments.routes;
  CLI::App* group =
      app.add_subcommand("routes", "Show and change which model each content type is routed to");
  group->require_subcommand(0, 1);
  group->footer(kRoutesHelp);
  CLI::App* set = group->add_subcommand("set", "Set all routes, or the route of one content type");
  set->add_option("target", o.target, "A YAML file with routes, or a content type and a model")
      ->required()
      ->expected(1, 2);
  CLI::App* reset = group->add_subcommand("reset", "Return to the catalog's routes");
  CLI::App* explain = group->add_subcommand(
      "explain", "Show where a request would be routed and why, without running it");
  explain->add_option("--content-type", o.content_type, "Content type of the request");
  explain->add_option("--model", o.model, "Model id of the request");
  explain->add_option("--key", o.key, "Routing key of the request");
  explain->add_option("prompt", o.prompt, "Prompt, used if the server classifies prompts");
  group->callback([&arguments, set, reset, explain] {
    arguments.command = Command::kShowRoutes;
    if (set->parsed()) arguments.command = Command::kSetRoutes;
    if (reset->parsed()) arguments.command = Command::kResetRoutes;
    if (explain->parsed()) arguments.command = Command::kExplainRoute;
  });
}

void AddJudge(CLI::App& app, Arguments& arguments) {
  JudgeOptions& o = arguments.judge;
  CLI::App* command =
      app.add_subcommand("judge", "Make models decide which candidate's texts are better");
  command->add_option("evaluation", o.evaluation, "Id of the evaluation")->required();
  AddList(command, "--judge", o.judges,
          "Name of a judge of assayd.yaml, or id of a model; repeatable (default: all judges of "
          "assayd.yaml)");
  AddList(command, "--candidate", o.candidates, "Only this candidate; repeatable (default: all)");
  command->add_option("--baseline", o.baseline,
                      "Candidate that the others are compared with (default: every two)");
  command
      ->add_option("--limit", arguments.limit,
                   "Maximum number of pairs of texts per two candidates (default: all)")
      ->check(CLI::Range(1, kMaxPairs));
  command->footer(kJudgeHelp);
  command->callback([&arguments] { arguments.command = Command::kJudge; });
}

void AddConnection(CLI::App& app, Arguments& arguments) {
  ChannelOptions& o = arguments.channel;
  app.add_option("--address", o.address, "host:port or unix:PATH of assayd")
      ->envname("ASSAY_ADDRESS")
      ->capture_default_str();
  app.add_option("--api-key-file", arguments.api_key_file,
                 "File with the key of the caller (default: the key in ASSAY_API_KEY)")
      ->envname("ASSAY_API_KEY_FILE");
  app.add_flag("--tls", o.tls, "Use TLS, with the system's roots");
  app.add_option("--ca", o.ca_file, "Use TLS, with the roots in this PEM file")
      ->envname("ASSAY_CA");
  app.add_option("--certificate", o.certificate_file,
                 "PEM file with the client's certificate, for servers with mutual TLS")
      ->envname("ASSAY_CERTIFICATE");
  app.add_option("--certificate-key", o.certificate_key_file, "PEM file with its private key")
      ->envname("ASSAY_CERTIFICATE_KEY");
  app.add_flag("--insecure", o.insecure, "Send the key to another machine without TLS");
}

}  // namespace

std::optional<int> ParseArguments(const std::vector<std::string>& words, Streams& streams,
                                  Arguments& arguments) {
  arguments.channel.address = kDefaultAddress;
  CLI::App app{"The command line of assayd: generates texts, evaluates models and manages them.",
               "assay"};
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(kHelp);
  AddConnection(app, arguments);
  app.add_option("--timeout", arguments.timeout_seconds,
                 "Time limit of the whole command in seconds (default: none)")
      ->check(CLI::PositiveNumber);
  app.add_option(
         "--request-id", arguments.request_id,
         "Id of this request in the server's log and traces (default: random); TRACEPARENT in "
         "the environment continues your own trace")
      ->check(CheckRequestId);
  app.add_flag("--json", arguments.json,
               "Print protobuf JSON: one document on one line, or one line per event of a stream");
  app.set_version_flag("--version", std::string("assay ") + ASSAY_VERSION);
  AddGenerate(app, arguments);
  AddEmbed(app, arguments);
  AddScore(app, arguments);
  AddEvaluate(app, arguments);
  AddEvaluations(app, arguments);
  AddModels(app, arguments);
  AddRoutes(app, arguments);
  AddFeedback(app, arguments);
  AddAb(app, arguments);
  AddRatings(app, arguments);
  AddJudge(app, arguments);
  AddMlflow(app, arguments);
  AddPrompts(app, arguments);
  AddKeys(app, arguments);

  // CLI11 expects the words in reverse order.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, streams.out, streams.err);
    streams.err << "assay: INVALID_ARGUMENT: " << OneLine(DescribeUsageError(app, error))
                << " (see `assay";
    for (const CLI::App* chosen : app.get_subcommands()) streams.err << " " << chosen->get_name();
    streams.err << " --help`)\n";
    return kExitUsage;
  }
  return std::nullopt;
}

}  // namespace assay::client
