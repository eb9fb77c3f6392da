// The command line, parsed.
#ifndef ASSAY_CLIENT_COMMANDS_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/terminal/console.h"

namespace assay::client {

enum class Command {
  kGenerate,
  kEvaluate,
  kListEvaluations,
  kGetEvaluation,
  kCancelEvaluation,
  kReportEvaluation,
  kCompareEvaluations,
  kGateEvaluation,
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
};

// Unset optionals leave the server's defaults in force.
struct GenerateOptions {
  // The prompt; "-" = read it from standard input.
  std::string prompt;
  std::string file;
  std::string model;
  std::string content_type;
  std::string routing_key;
  std::string system;
  // Files of JSON: a conversation, the tools of the chat template.
  std::string messages_file;
  std::string tools_file;
  // NAME=VALUE for the chat template.
  std::vector<std::string> variables;
  int32_t max_new_tokens = 0;
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<int32_t> top_k;
  std::optional<uint64_t> seed;
  std::vector<std::string> stop;
  bool raw = false;
  bool no_stream = false;
};

struct EvaluateOptions {
  std::vector<std::string> models;
  std::vector<std::string> content_types;
  int32_t prompts_per_type = 0;
  int32_t repeats = 0;
  int32_t max_new_tokens = 0;
  std::string prompts_file;
  std::string plan_file;
  std::vector<std::string> scorers;
  std::string baseline;
  // Id of the evaluation whose plan is run again.
  std::string replay_of;
  uint64_t order_seed = 0;
  // Also of `evaluations gate`.
  std::string gate;
  // File for the report; empty = none.
  std::string report;
  std::string name;
  bool detach = false;
  bool no_wait = false;
};

// Of `evaluations report`.
struct ReportOptions {
  // Empty = by the output's extension, else markdown.
  std::string format;
  // Empty = standard output.
  std::string output;
};

// Of `evaluations compare`.
struct CompareOptions {
  std::string baseline;
  std::string candidate;
  std::string baseline_model;
  std::string candidate_model;
  double alpha = 0;
};

struct RoutesOptions {
  // Of `set`: a file, or a content type and a model.
  std::vector<std::string> target;
  // Of `explain`.
  std::string model;
  std::string content_type;
  std::string key;
  std::string prompt;
};

struct Arguments {
  Command command = Command::kModels;
  std::string address;
  // Seconds; 0 = no limit.
  double timeout_seconds = 0;
  bool json = false;
  // Empty = drawn.
  std::string request_id;
  GenerateOptions generate;
  EvaluateOptions evaluate;
  ReportOptions report;
  CompareOptions compare;
  RoutesOptions routes;
  // Of `evaluations get`, and `evaluations list`.
  bool include_samples = false;
  int32_t limit = 0;
  // Of `models`: the built-in ones too.
  bool all = false;
  // The model or evaluation that the command names (for inspect also a path); empty = none.
  std::string id;
};

// Fills `arguments` from the words after the program's name and from ASSAY_ADDRESS. Returns an exit
// code when there is nothing left to do: help or version written to out, or a usage error to err.
std::optional<int> ParseArguments(const std::vector<std::string>& words, Streams& streams,
                                  Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_ARGUMENTS_H_
