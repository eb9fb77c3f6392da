// The parsed command line.
#ifndef ASSAY_CLIENT_COMMANDS_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/commands/deletion_arguments.h"
#include "client/commands/feedback_arguments.h"
#include "client/commands/key_arguments.h"
#include "client/commands/mlflow_arguments.h"
#include "client/commands/prompt_arguments.h"
#include "client/input/prompt_columns.h"
#include "client/rpc/channel.h"
#include "client/terminal/console.h"

namespace assay::client {

enum class Command {
  kGenerate,
  kEmbed,
  kScore,
  kEvaluate,
  kListEvaluations,
  kGetEvaluation,
  kCancelEvaluation,
  kDeleteEvaluations,
  kReportEvaluation,
  kCompareEvaluations,
  kGateEvaluation,
  kDiffEvaluation,
  kModels,
  kLoad,
  kUnload,
  kReload,
  kPull,
  kShowRoutes,
  kSetRoutes,
  kResetRoutes,
  kExplainRoute,
  kInspect,
  kHealth,
  kGiveFeedback,
  kListFeedback,
  kFeedbackSummary,
  kAb,
  kRate,
  kRatingsSummary,
  kExportRatings,
  kImportRatings,
  kJudge,
  kMlflowStatus,
  kMlflowFlush,
  kListPrompts,
  kExportPrompts,
  kDeletePrompts,
  kCreateKey,
  kListKeys,
  kRevokeKey,
};

// The options of `generate`. The server's defaults apply to unset ones.
struct GenerateOptions {
  // The prompt. "-": it is read from standard input.
  std::string prompt;
  std::string file;
  std::string model;
  std::string content_type;
  std::string routing_key;
  std::string system;
  // JSON files: a conversation, and the tools of the chat template.
  std::string messages_file;
  std::string tools_file;
  // NAME=VALUE settings of the chat template.
  std::vector<std::string> variables;
  // The name of the chat template; empty: the model's choice.
  std::string chat_template;
  int32_t max_new_tokens = 0;
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<int32_t> top_k;
  std::optional<float> min_p;
  std::optional<float> typical_p;
  std::optional<float> repetition_penalty;
  float presence_penalty = 0;
  float frequency_penalty = 0;
  // TOKEN=BIAS (ParseLogitBias()).
  std::vector<std::string> logit_bias;
  std::optional<uint64_t> seed;
  std::vector<std::string> stop;
  std::vector<int32_t> stop_tokens;
  int32_t min_tokens = 0;
  bool ignore_end_of_text = false;
  std::optional<int32_t> log_probabilities;
  int32_t truncate_prompt = 0;
  bool model_sampling = false;
  bool parse_special = false;
  bool raw = false;
  bool no_stream = false;
};

// The options of `embed`.
struct EmbedOptions {
  std::string model;
  std::vector<std::string> texts;
  // A JSONL file with a "text" per line, instead of `texts`.
  std::string file;
  // Prints the cosine similarities of the texts instead of their vectors.
  bool similarity = false;
  bool no_normalize = false;
};

// The options of `score`.
struct ScoreOptions {
  // The file of the text; "-" is standard input.
  std::string text_file;
  // A JSONL file with a text per line, instead of `text_file`.
  std::string jsonl_file;
  std::string content_type;
  std::string prompt;
  std::string prompt_file;
  std::string reference_file;
  std::vector<std::string> scorers;
  std::vector<std::string> must_include;
  int32_t max_characters = 0;
  bool truncated = false;
};

// The options of `evaluate`. Zero and empty leave the server's defaults.
struct EvaluateOptions {
  std::vector<std::string> models;
  std::vector<std::string> content_types;
  int32_t prompts_per_type = 0;
  int32_t repeats = 0;
  int32_t max_new_tokens = 0;
  // A file or a data set of the Hub.
  std::string prompts_file;
  PromptColumns prompt_columns;
  // The number of rows to choose at random. 0: all.
  int64_t prompt_limit = 0;
  uint64_t prompt_seed = 0;
  std::string plan_file;
  std::vector<std::string> scorers;
  std::string baseline;
  // The id of the evaluation whose plan is run again.
  std::string replay_of;
  uint64_t order_seed = 0;
  // Also an option of `evaluations gate`.
  std::string gate;
  // "zero" or "leave-out". Empty: the plan's, else "zero".
  std::string failures;
  // The difference that must be detectable. 0: no check.
  double detect = 0;
  bool anyway = false;
  bool stop_early = false;
  int32_t looks = 5;
  bool stop_for_futility = false;
  // Only shows the forecast.
  bool dry_run = false;
  // The file for the report. Empty: no report.
  std::string report;
  std::string name;
  bool detach = false;
  bool no_wait = false;
};

// The options of `evaluations report`.
struct ReportOptions {
  // Empty: chosen by the extension of `output`, otherwise Markdown.
  std::string format;
  // Empty: standard output.
  std::string output;
};

// The options of `evaluations compare`.
struct CompareOptions {
  std::string baseline;
  std::string candidate;
  std::string baseline_model;
  std::string candidate_model;
  double alpha = 0;
  // "zero" or "leave-out". Empty: "zero".
  std::string failures;
  std::string gate;
  // Also shows the differences on single prompts.
  bool prompts = false;
};

// The options of `evaluations diff`.
struct DiffOptions {
  std::string prompt;
  // One or two names. Empty: the only two.
  std::vector<std::string> candidates;
  int32_t repeat = 0;
  // Shows a diff of the words instead of two columns.
  bool words = false;
};

// The options of `routes set` and `routes explain`.
struct RoutesOptions {
  // For `set`: a file, or a content type and a model.
  std::vector<std::string> target;
  // For `explain`: the properties of the request.
  std::string model;
  std::string content_type;
  std::string key;
  std::string prompt;
};

// The options of `judge`.
struct JudgeOptions {
  std::string evaluation;
  std::vector<std::string> judges;
  std::string baseline;
  std::vector<std::string> candidates;
};

// The command and all options. Only those of the command are set.
struct Arguments {
  Command command = Command::kModels;
  // Without the key.
  ChannelOptions channel;
  // Empty: the key is in the environment, or there is none.
  std::string api_key_file;
  // In seconds; 0: no limit.
  double timeout_seconds = 0;
  bool json = false;
  // Empty: the connection draws one.
  std::string request_id;
  GenerateOptions generate;
  EmbedOptions embed;
  ScoreOptions score;
  EvaluateOptions evaluate;
  ReportOptions report;
  CompareOptions compare;
  DiffOptions diff;
  RoutesOptions routes;
  FeedbackOptions feedback;
  AbOptions ab;
  RatingOptions rating;
  JudgeOptions judge;
  MlflowOptions mlflow;
  PromptLogOptions prompts;
  DeletionOptions deletion;
  KeyOptions keys;
  // For `evaluations get`.
  bool include_samples = false;
  // For `evaluations list`, `feedback list`, `prompts list` and `judge`; 0: the server's default.
  int32_t limit = 0;
  // For `models`: also lists the built-in models.
  bool all = false;
  // The model or evaluation that the command names (for `inspect` also a path). Empty: none.
  std::string id;
};

// Fills `arguments` from the words after the program's name and from the environment
// (ASSAY_ADDRESS, ASSAY_CA, ...). Returns an exit code if there is nothing left to do: help or the
// version was written to out, or a usage error to err, in one line.
std::optional<int> ParseArguments(const std::vector<std::string>& words, Streams& streams,
                                  Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_ARGUMENTS_H_
