// Reads evaluation plans.
#include "client/input/plan_file.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/yaml/reader.h"
#include "client/input/hub_dataset.h"
#include "client/input/jsonl_file.h"
#include "client/input/prompts_file.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace assay::client {
namespace {

constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
constexpr double kMaxUsd = 1e12;
constexpr double kMaxTemperature = 2;
constexpr double kMaxSeconds = 86'400;

std::string PathIn(const std::filesystem::path& folder, const std::string& file) {
  return (folder / file).lexically_normal().string();
}

void ReadSampling(YamlMap map, v1::SamplingParams* sampling) {
  sampling->set_temperature(static_cast<float>(map.Number("temperature", 0, 0, kMaxTemperature)));
  sampling->set_top_p(static_cast<float>(map.Number("top_p", 1, 0, 1)));
  sampling->set_top_k(static_cast<int32_t>(map.Int("top_k", 0, 0, kMax)));
  // A candidate without a seed uses the plan's.
  if (map.Has("seed")) {
    sampling->set_seed(
        static_cast<uint64_t>(map.Int("seed", 0, 0, std::numeric_limits<int64_t>::max())));
  }
}

void ReadCandidate(YamlMap map, v1::Candidate* candidate) {
  candidate->set_name(map.RequiredString("name"));
  candidate->set_model(map.RequiredString("model"));
  candidate->set_system(map.String("system", ""));
  if (map.Has("sampling")) ReadSampling(map.Map("sampling"), candidate->mutable_sampling());
}

void ReadScaling(YamlMap map, v1::ScalingPlan* scaling) {
  for (const std::string& text : map.Strings("concurrency")) {
    int32_t level = 0;
    if (!absl::SimpleAtoi(text, &level) || level < 1) {
      map.Error("concurrency", absl::StrCat("'", text, "' must be a whole number from 1"));
    }
    scaling->add_concurrency(level);
  }
  scaling->set_rounds(static_cast<int32_t>(map.Int("rounds", 0, 0, kMaxRepeats)));
  scaling->set_residents(map.Bool("residents", false));
}

// Every field of the message is a key. The server checks the limits of the numbers.
absl::Status ReadEconomics(YamlMap map, const std::filesystem::path& folder,
                           v1::EconomicsInputs* inputs) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *inputs->GetReflection();
  for (int i = 0; i < inputs->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = inputs->GetDescriptor()->field(i);
    // A string in protobuf 3.21, a string_view since 30.
    const std::string key(field->name());
    if (!map.Has(key)) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
      reflection.SetDouble(inputs, field, map.Number(key, 0, 0, kMaxUsd));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      reflection.SetInt32(inputs, field, static_cast<int32_t>(map.Int(key, 0, 0, kMax)));
    } else {
      reflection.SetString(inputs, field, map.String(key, ""));
    }
  }
  if (!inputs->has_price_table()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::string table, ReadLimited(PathIn(folder, inputs->price_table())));
  inputs->set_price_table(std::move(table));
  return absl::OkStatus();
}

v1::Correction ReadCorrection(YamlMap& root) {
  const std::string name =
      root.Choice("correction", "holm", {"holm", "benjamini_hochberg", "none"});
  if (name == "benjamini_hochberg") return v1::CORRECTION_BENJAMINI_HOCHBERG;
  return name == "none" ? v1::CORRECTION_NONE : v1::CORRECTION_HOLM;
}

v1::FailurePolicy ReadFailures(YamlMap& root) {
  return root.Choice("failures", "zero", {"zero", "leave-out"}) == "zero"
             ? v1::FAILURE_POLICY_ZERO
             : v1::FAILURE_POLICY_LEAVE_OUT;
}

absl::Status ReadTask(YamlMap map, const std::filesystem::path& folder, v1::KnownAnswerTask* task) {
  task->set_name(map.RequiredString("name"));
  const std::string items = map.String("items", "");
  const std::string text = map.String("text", "");
  if (items.empty() == text.empty()) {
    map.Error("", "give either items (a JSONL file) or text (a text file)");
    return absl::OkStatus();
  }
  if (!text.empty()) {
    ASSIGN_OR_RETURN(std::string whole, ReadLimited(PathIn(folder, text)));
    task->set_text(std::move(whole));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::vector<v1::MultipleChoiceItem> rows, ReadItemsFile(PathIn(folder, items)));
  for (v1::MultipleChoiceItem& row : rows) *task->add_items() = std::move(row);
  return absl::OkStatus();
}

// Returns how the prompts of `dataset` are read. Rows without a content type have the plan's if it
// has one only.
PromptsOptions ReadDatasetOptions(YamlMap& root, const v1::EvaluateRequest& request) {
  YamlMap columns = root.Map("dataset_columns");
  PromptsOptions options;
  options.columns = {.id = columns.String("id", ""),
                     .content_type = columns.String("content_type", ""),
                     .prompt = columns.String("prompt", ""),
                     .system = columns.String("system", ""),
                     .reference = columns.String("reference", ""),
                     .cluster = columns.String("cluster", "")};
  options.choice.limit = root.Int("dataset_limit", 0, 0, kMax);
  options.choice.seed =
      static_cast<uint64_t>(root.Int("dataset_seed", 0, 0, std::numeric_limits<int64_t>::max()));
  if (request.content_types_size() == 1) options.content_type = request.content_types(0);
  return options;
}

absl::Status ReadDataset(const std::string& source, const PromptsOptions& options,
                         v1::EvaluateRequest* request) {
  ASSIGN_OR_RETURN(PromptSet set, ReadPrompts(source, options));
  for (v1::EvaluationPrompt& prompt : set.prompts) *request->add_prompts() = std::move(prompt);
  request->set_prompt_source(std::move(set.source));
  return absl::OkStatus();
}

// Reads the files that the plan names.
absl::Status ReadFiles(YamlMap& root, const std::filesystem::path& folder,
                       v1::EvaluateRequest* request) {
  const PromptsOptions options = ReadDatasetOptions(root, *request);
  if (const std::string dataset = root.String("dataset", ""); !dataset.empty()) {
    RETURN_IF_ERROR(ReadDataset(IsDatasetReference(dataset) ? dataset : PathIn(folder, dataset),
                                options, request));
  }
  if (root.Has("economics")) {
    RETURN_IF_ERROR(ReadEconomics(root.Map("economics"), folder, request->mutable_economics()));
  }
  for (const YamlMap& task : root.Maps("tasks")) {
    RETURN_IF_ERROR(ReadTask(task, folder, request->add_tasks()));
  }
  return absl::OkStatus();
}

void ReadStopEarly(YamlMap map, v1::EvaluateRequest& request) {
  constexpr int kMinLooks = 2;
  constexpr int kMaxLooks = 20;
  constexpr int kUsualLooks = 5;
  request.set_looks(static_cast<int32_t>(map.Int("looks", kUsualLooks, kMinLooks, kMaxLooks)));
  request.set_stop_for_futility(map.Bool("futility", false));
}

void ReadRoot(YamlMap& root, v1::EvaluateRequest& request) {
  request.set_name(root.String("name", ""));
  request.set_hypothesis(root.String("hypothesis", ""));
  for (std::string& model : root.Strings("models")) request.add_models(std::move(model));
  for (const YamlMap& map : root.Maps("candidates")) ReadCandidate(map, request.add_candidates());
  request.set_baseline(root.String("baseline", ""));
  for (std::string& type : root.Strings("content_types")) {
    request.add_content_types(std::move(type));
  }
  request.set_prompts_per_type(static_cast<int32_t>(root.Int("prompts_per_type", 0, 0, kMax)));
  request.set_own_prompts_only(!root.Bool("built_in_prompts", true));
  request.set_repeats(static_cast<int32_t>(root.Int("repeats", 1, 1, kMaxRepeats)));
  request.set_max_new_tokens(static_cast<int32_t>(root.Int("max_new_tokens", 0, 0, kMax)));
  request.set_timeout_seconds(root.Seconds("timeout", 0, 0, kMaxSeconds));
  if (root.Has("sampling")) ReadSampling(root.Map("sampling"), request.mutable_sampling());
  for (std::string& scorer : root.Strings("scorers")) request.add_scorers(std::move(scorer));
  request.set_alpha(root.Number("alpha", 0, 0, 1));
  request.set_correction(ReadCorrection(root));
  request.set_failures(ReadFailures(root));
  if (root.Has("scaling")) ReadScaling(root.Map("scaling"), request.mutable_scaling());
  request.set_order_seed(
      static_cast<uint64_t>(root.Int("order_seed", 0, 0, std::numeric_limits<int64_t>::max())));
  request.set_gate(root.String("gate", ""));
  if (root.Has("stop_early")) ReadStopEarly(root.Map("stop_early"), request);
}

}  // namespace

absl::StatusOr<v1::EvaluateRequest> ReadPlanFile(const std::string& path) {
  absl::StatusOr<std::unique_ptr<YamlDocument>> document = YamlDocument::Load(path);
  if (!document.ok()) return absl::InvalidArgumentError(document.status().message());
  YamlMap root = (*document)->root();
  v1::EvaluateRequest request;
  ReadRoot(root, request);
  absl::Status files = ReadFiles(root, std::filesystem::path(path).parent_path(), &request);
  // The plan's own errors have precedence: a file may be missing because its key is wrong.
  RETURN_IF_ERROR((*document)->Finish());
  if (!files.ok()) return files;
  return request;
}

}  // namespace assay::client
