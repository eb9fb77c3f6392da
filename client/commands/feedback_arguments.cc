// Parses `feedback`, `ab`, `rate` and `ratings`.
#include "client/commands/feedback_arguments.h"

#include "CLI/CLI.hpp"
#include "client/commands/arguments.h"

namespace assay::client {
namespace {

constexpr double kMaxRating = 10;
constexpr double kMaxUsd = 1e9;
constexpr int kMaxListLimit = 1000;

constexpr char kFeedbackHelp[] =
    "The request id is on the summary line of `assay generate`, in GenerateResponse.request_id "
    "and\n"
    "in the metadata x-request-id. The same feedback again changes nothing; other feedback of the\n"
    "same kind replaces it.\n"
    "Examples:\n"
    "  assay feedback 9f86d081884c7d65 --accepted\n"
    "  assay feedback 9f86d081884c7d65 --edited final.txt --original draft.txt\n"
    "  assay feedback 9f86d081884c7d65 --rating 7 --comment \"too long\"\n"
    "  assay feedback 9f86d081884c7d65 --conversion 12.5\n"
    "  assay feedback summary --content-type linkedin\n"
    "  assay feedback list --limit 5 --json";

constexpr char kAbHelp[] =
    "The intervals are always valid: you may look after every answer and stop when there is a\n"
    "decision. The first arm of the route is the baseline.\n"
    "Examples:\n"
    "  assay ab email\n"
    "  assay ab email --rating-margin 1 --json";

constexpr char kRateHelp[] =
    "Shows the texts of an evaluation in random order without their models, and asks for a score\n"
    "from 0 to 10 or, with --pairwise, for the better one of two. Every answer is stored at once;\n"
    "the next start continues with what you have not rated. Enter s to skip and q to stop.\n"
    "Examples:\n"
    "  assay rate ev-20260131-101500-a1b2c3 --rater ann\n"
    "  assay rate ev-20260131-101500-a1b2c3 --pairwise --limit 20\n"
    "  printf '7\\n3\\nq\\n' | assay rate ev-20260131-101500-a1b2c3 --rater script --seed 1";

constexpr char kRatingsHelp[] =
    "A JSONL file has one object per line, a CSV file the same names in its first line:\n"
    "  {\"rater\": \"ann\", \"sample\": \"3f2a...\", \"score\": 7}\n"
    "  {\"rater\": \"ann\", \"sample\": \"3f2a...\", \"other_sample\": \"77b1...\", "
    "\"preference\": "
    "\"sample\"}\n"
    "preference is sample, other or tie. rated_at is optional (RFC 3339). `export` adds the "
    "models.\n"
    "Examples:\n"
    "  assay ratings summary ev-20260131-101500-a1b2c3\n"
    "  assay ratings export ev-20260131-101500-a1b2c3 ratings.csv\n"
    "  assay ratings import ev-20260131-101500-a1b2c3 ratings.jsonl";

void AddGive(CLI::App* command, FeedbackOptions& o) {
  command->add_option("request_id", o.request_id, "Id of the request whose answer this is about");
  CLI::Option* accepted =
      command->add_flag("--accepted", o.accepted, "The answer was used as it is");
  CLI::Option* rejected = command->add_flag("--rejected", o.rejected, "The answer was not used");
  CLI::Option* edited = command->add_option(
      "--edited", o.edited_file, "The answer was edited: the file with the text that was used");
  CLI::Option* original =
      command->add_option("--original", o.original_file, "With --edited: the generated text");
  CLI::Option* distance = command
                              ->add_option("--edit-distance", o.distance,
                                           "The answer was edited: the part that changed, 0 to 1")
                              ->check(CLI::Range(0.0, 1.0));
  edited->needs(original);
  original->needs(edited);
  accepted->excludes(rejected)->excludes(edited)->excludes(distance);
  rejected->excludes(edited)->excludes(distance);
  edited->excludes(distance);
  command->add_option("--rating", o.rating, "A rating, 0 (useless) to 10 (perfect)")
      ->check(CLI::Range(0.0, kMaxRating));
  command
      ->add_option("--conversion", o.conversion_usd,
                   "The value of what the answer led to, in US dollars")
      ->check(CLI::Range(0.0, kMaxUsd));
  command->add_option("--comment", o.comment, "A remark, at most 4096 bytes; it is stored");
}

}  // namespace

void AddFeedback(CLI::App& app, Arguments& arguments) {
  FeedbackOptions& o = arguments.feedback;
  CLI::App* group =
      app.add_subcommand("feedback", "Say what became of an answer; list and summarize feedback");
  group->require_subcommand(0, 1);
  group->footer(kFeedbackHelp);
  AddGive(group, o);
  CLI::App* list = group->add_subcommand("list", "List the feedback, newest first");
  list->add_option("--content-type", o.content_type, "Only this content type");
  list->add_option("--model", o.model, "Only this model");
  list->add_option("--limit", arguments.limit, "Maximum number of entries (default 50)")
      ->check(CLI::Range(1, kMaxListLimit));
  CLI::App* summary = group->add_subcommand("summary", "Show totals per model and content type");
  summary->add_option("--content-type", o.content_type, "Only this content type");
  group->callback([&arguments, &o, list, summary] {
    if (list->parsed() || summary->parsed()) {
      arguments.command = list->parsed() ? Command::kListFeedback : Command::kFeedbackSummary;
      return;
    }
    if (o.request_id.empty()) {
      throw CLI::ValidationError("request_id",
                                 "is required: give a request id, or list, or summary");
    }
    arguments.command = Command::kGiveFeedback;
  });
}

void AddAb(CLI::App& app, Arguments& arguments) {
  AbOptions& o = arguments.ab;
  CLI::App* command = app.add_subcommand(
      "ab", "Compare the models of a weighted route by the feedback on their answers");
  command->add_option("content_type", o.content_type, "Content type of the route")->required();
  command->add_option("--alpha", o.alpha, "Probability of any false decision (default 0.05)")
      ->check(CLI::Range(0.0, 0.5));
  command
      ->add_option("--acceptance-margin", o.acceptance_margin,
                   "Differences of acceptance below this do not matter (default 0.05)")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--rating-margin", o.rating_margin,
                   "Differences of ratings below this do not matter (default 0.5)")
      ->check(CLI::Range(0.0, kMaxRating));
  command
      ->add_option("--value-margin", o.value_margin,
                   "Differences of the value per answer below this do not matter, in US dollars")
      ->check(CLI::Range(0.0, kMaxUsd));
  command->footer(kAbHelp);
  command->callback([&arguments] { arguments.command = Command::kAb; });
}

void AddRatings(CLI::App& app, Arguments& arguments) {
  RatingOptions& o = arguments.rating;
  CLI::App* rate = app.add_subcommand("rate", "Rate the texts of an evaluation, blind");
  rate->add_option("evaluation", o.evaluation, "Id of the evaluation")->required();
  CLI::Option* scale =
      rate->add_flag("--scale", o.scale, "Score single texts from 0 to 10 (default)");
  rate->add_flag("--pairwise", o.pairwise, "Choose the better one of two texts")->excludes(scale);
  rate->add_option("--rater", o.rater, "Your name (default: $USER)");
  rate->add_option("--content-type", o.content_type, "Only this content type");
  rate->add_option("--limit", o.limit, "Maximum number of texts or pairs to show")
      ->check(CLI::PositiveNumber);
  rate->add_option("--seed", o.seed, "Seed of the order (default: random)");
  rate->footer(kRateHelp);
  rate->callback([&arguments] { arguments.command = Command::kRate; });

  CLI::App* group = app.add_subcommand(
      "ratings", "Summarize, export and import people's ratings of an evaluation");
  group->require_subcommand(1);
  group->footer(kRatingsHelp);
  const auto add = [&](const char* name, const char* help, Command command) {
    CLI::App* sub = group->add_subcommand(name, help);
    sub->add_option("evaluation", o.evaluation, "Id of the evaluation")->required();
    sub->callback([&arguments, command] { arguments.command = command; });
    return sub;
  };
  add("summary", "Show how far raters agree, and the score with them", Command::kRatingsSummary);
  add("export", "Write the ratings as JSONL or CSV", Command::kExportRatings)
      ->add_option("file", o.file, "File, .jsonl or .csv")
      ->required();
  add("import", "Add ratings from a JSONL or CSV file", Command::kImportRatings)
      ->add_option("file", o.file, "File, .jsonl or .csv")
      ->required();
}

}  // namespace assay::client
