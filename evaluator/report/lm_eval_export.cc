// The export of results in lm_eval's format.
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/hashing.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/task_summary.h"
#include "evaluator/records/json_types.h"
#include "evaluator/report/digest.h"
#include "evaluator/report/exports.h"
#include "evaluator/stats/clustered.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kNotAvailable = "N/A";

// Sets the mean and its standard error. If every value is a cluster of its own, the error equals
// lm_eval's mean_stderr, s / sqrt(n) with n - 1; otherwise it is cluster-robust. It is "N/A" with
// fewer than two clusters.
void SetMean(const std::string& metric, const std::vector<double>& values,
             const std::vector<int>& clusters, Json* task) {
  Json& mean = (*task)[absl::StrCat(metric, ",none")];
  Json& error = (*task)[absl::StrCat(metric, "_stderr,none")];
  if (values.empty()) return;
  const ClusteredMean found = MeanOfClusters(values, clusters, kConfidence);
  mean = found.mean;
  error = found.clusters < 2 ? Json(kNotAvailable) : Json(found.standard_error);
}

// Returns the fields that every row of samples_<task>.jsonl has.
Json Row(int doc_id, Json doc, const std::string& prompt, const std::string& target) {
  Json row = {{"doc_id", doc_id},
              {"target", target},
              {"filter", "none"},
              {"doc_hash", Sha256Hex(DumpJson(doc))},
              {"prompt_hash", Sha256Hex(prompt)},
              {"target_hash", Sha256Hex(target)}};
  row["doc"] = std::move(doc);
  return row;
}

// Builds one candidate's file task by task.
class LmEvalFile {
 public:
  LmEvalFile(const ReportInput& input, const Digest& digest, const std::string& candidate)
      : input_(input), digest_(digest), candidate_(candidate), clusters_(input.plan) {
    for (const std::string_view key :
         {"results", "configs", "versions", "n-shot", "n-samples", "higher_is_better", "samples",
          "group_subtasks", "task_hashes"}) {
      file_[std::string(key)] = Json::object();
    }
    for (const EvaluationPrompt& prompt : input.plan.prompts) prompts_[prompt.id] = &prompt;
    for (const TaskAnswer& answer : input.answers) {
      if (answer.model == candidate) answers_[{answer.task, answer.item_id}] = &answer;
    }
  }

  Json Write() && {
    for (const KnownAnswerTask& task : input_.plan.tasks) {
      if (task.kind == TaskKind::kPerplexity) {
        AddPerplexity(task);
      } else {
        AddMultipleChoice(task);
      }
    }
    for (const std::string& type : digest_.content_types()) AddContentType(type);
    AddRun();
    return std::move(file_);
  }

 private:
  void Describe(const std::string& task, const std::string& output_type, Json version,
                const std::vector<std::string>& metrics, bool higher_is_better, size_t original,
                size_t effective) {
    Json list = Json::array();
    Json better = Json::object();
    for (const std::string& metric : metrics) {
      list.push_back({{"metric", metric}, {"higher_is_better", higher_is_better}});
      better[metric] = higher_is_better;
    }
    file_["configs"][task] = {
        {"task", task},
        {"output_type", output_type},
        {"repeats", output_type == "generate_until" ? input_.plan.repeats : 1},
        {"num_fewshot", 0},
        {"metric_list", std::move(list)}};
    file_["versions"][task] = std::move(version);
    file_["n-shot"][task] = 0;
    file_["n-samples"][task] = {{"original", original}, {"effective", effective}};
    file_["higher_is_better"][task] = std::move(better);
    file_["group_subtasks"][task] = Json::array();
    std::string hashes;
    for (const Json& row : file_["samples"][task]) {
      hashes += row.at("doc_hash").get<std::string>();
      hashes += row.at("prompt_hash").get<std::string>();
      hashes += row.at("target_hash").get<std::string>();
    }
    file_["task_hashes"][task] = Sha256Hex(hashes);
  }

  const TaskAnswer* AnswerOf(const std::string& task, const std::string& item) const {
    const auto found = answers_.find({task, item});
    return found == answers_.end() || !found->second->error.empty() ? nullptr : found->second;
  }

  void AddMultipleChoice(const KnownAnswerTask& task) {
    std::vector<double> correct;
    std::vector<double> correct_by_length;
    std::vector<double> correct_by_bytes;
    std::vector<int> items;
    Json rows = Json::array();
    for (size_t i = 0; i < task.items.size(); ++i) {
      const MultipleChoiceItem& item = task.items[i];
      const TaskAnswer* answer = AnswerOf(task.name, item.id);
      if (answer == nullptr) continue;
      items.push_back(static_cast<int>(i));
      correct.push_back(answer->correct ? 1 : 0);
      correct_by_length.push_back(answer->correct_by_length ? 1 : 0);
      correct_by_bytes.push_back(CorrectByBytes(item, *answer) ? 1 : 0);
      rows.push_back(ChoiceRow(static_cast<int>(i), item, *answer));
    }
    Json& result = file_["results"][task.name] = {{"alias", task.name}};
    SetMean("acc", correct, items, &result);
    SetMean("acc_norm", correct_by_length, items, &result);
    SetMean("acc_bytes", correct_by_bytes, items, &result);
    result["sample_len"] = correct.size();
    file_["samples"][task.name] = std::move(rows);
    Describe(task.name, "multiple_choice", 0, {"acc", "acc_norm", "acc_bytes"}, true,
             task.items.size(), correct.size());
  }

  static Json ChoiceRow(int doc_id, const MultipleChoiceItem& item, const TaskAnswer& answer) {
    const Json doc = {
        {"id", item.id}, {"query", item.context}, {"choices", item.choices}, {"gold", item.answer}};
    Json row = Row(doc_id, doc, item.context, absl::StrCat(item.answer));
    row["arguments"] = Json::object();
    row["resps"] = row["filtered_resps"] = Json::array();
    for (size_t i = 0; i < item.choices.size(); ++i) {
      row["arguments"][absl::StrCat("gen_args_", i)] = {{"arg_0", item.context},
                                                        {"arg_1", item.choices[i]}};
      const Json likelihood =
          i < answer.log_likelihoods.size() ? Json(answer.log_likelihoods[i]) : Json(nullptr);
      const Json response = Json::array({likelihood, nullptr});
      row["resps"].push_back(Json::array({response}));
      row["filtered_resps"].push_back(response);
    }
    row["metrics"] = {"acc", "acc_norm", "acc_bytes"};
    row["acc"] = answer.correct ? 1.0 : 0.0;
    row["acc_norm"] = answer.correct_by_length ? 1.0 : 0.0;
    row["acc_bytes"] = CorrectByBytes(item, answer) ? 1.0 : 0.0;
    return row;
  }

  // As in lm_eval, the log-likelihood is divided by the numbers of words and UTF-8 bytes.
  void AddPerplexity(const KnownAnswerTask& task) {
    const TaskAnswer* answer = AnswerOf(task.name, "text");
    Json& result = file_["results"][task.name] = {{"alias", task.name}};
    Json rows = Json::array();
    const bool known = answer != nullptr && !answer->log_likelihoods.empty();
    if (known) {
      const double likelihood = answer->log_likelihoods[0];
      const auto bytes = static_cast<double>(task.text.size());
      const double words = LmEvalWords(task.text);
      const std::map<std::string, double> metrics = {
          {"word_perplexity", std::exp(-likelihood / words)},
          {"byte_perplexity", std::exp(-likelihood / bytes)},
          {"bits_per_byte", -likelihood / bytes / std::numbers::ln2}};
      Json row = Row(0, {{"page", task.text}}, task.text, task.text);
      row["arguments"] = {{"gen_args_0", {{"arg_0", task.text}}}};
      row["resps"] = Json::array({Json::array({likelihood})});
      row["filtered_resps"] = Json::array({likelihood});
      row["metrics"] = Json::array();
      for (const auto& [name, value] : metrics) {
        result[absl::StrCat(name, ",none")] = value;
        result[absl::StrCat(name, "_stderr,none")] = kNotAvailable;
        row["metrics"].push_back(name);
        row[name] = value;
      }
      rows.push_back(std::move(row));
    }
    result["sample_len"] = rows.size();
    file_["samples"][task.name] = std::move(rows);
    Describe(task.name, "loglikelihood_rolling", 0,
             {"word_perplexity", "byte_perplexity", "bits_per_byte"}, false, 1, known ? 1 : 0);
  }

  void AddContentType(const std::string& type) {
    const std::string task = absl::StrCat("assay_", type);
    std::vector<double> scores;
    std::vector<int> clusters;
    std::string version(kNotAvailable);
    Json rows = Json::array();
    const SampleList& samples = digest_.SamplesOf(candidate_, type);
    for (const Sample* sample : samples) {
      if (!sample->quality_score || !sample->error.empty()) continue;
      scores.push_back(*sample->quality_score);
      clusters.push_back(clusters_.UnitOf(*sample).cluster);
      version = absl::StrCat(sample->scorer, "-", sample->scorer_version);
      rows.push_back(TextRow(static_cast<int>(rows.size()), *sample));
      rows.back()["quality"] = *sample->quality_score;
    }
    if (samples.empty()) return;
    Json& result = file_["results"][task] = {{"alias", task}};
    SetMean("quality", scores, clusters, &result);
    result["sample_len"] = scores.size();
    file_["samples"][task] = std::move(rows);
    Describe(task, "generate_until", version, {"quality"}, true, samples.size(), scores.size());
  }

  // Returns a row without the score.
  Json TextRow(int doc_id, const Sample& sample) const {
    const auto found = prompts_.find(sample.prompt_id);
    const std::string prompt = found == prompts_.end() ? "" : found->second->prompt;
    const std::string target = found == prompts_.end() ? "" : found->second->reference;
    Json row = Row(doc_id,
                   {{"id", sample.prompt_id},
                    {"content_type", sample.content_type},
                    {"prompt", prompt},
                    {"repeat", sample.repeat}},
                   prompt, target);
    row["arguments"] = {{"gen_args_0", {{"arg_0", prompt}, {"arg_1", GenerationSettings()}}}};
    row["resps"] = Json::array({Json::array({sample.generation.text})});
    row["filtered_resps"] = Json::array({sample.generation.text});
    row["metrics"] = {"quality"};
    return row;
  }

  Json GenerationSettings() const {
    Sampling sampling = input_.plan.sampling;
    for (const Candidate& candidate : input_.plan.models) {
      if (candidate.name == candidate_ && candidate.sampling) sampling = *candidate.sampling;
    }
    return {{"temperature", sampling.temperature},
            {"top_p", sampling.top_p},
            {"top_k", sampling.top_k},
            {"do_sample", sampling.temperature > 0},
            {"max_gen_toks", input_.plan.max_new_tokens},
            {"until", Json::array()}};
  }

  void AddRun() {
    const Evaluation& evaluation = input_.evaluation;
    const double started = absl::ToDoubleSeconds(evaluation.started_at - absl::UnixEpoch());
    const double seconds = absl::ToDoubleSeconds(evaluation.finished_at - evaluation.started_at);
    std::string model = candidate_;
    for (const Candidate& candidate : input_.plan.models) {
      if (candidate.name == candidate_) model = candidate.model;
    }
    file_["config"] = {{"model", "assay"},
                       {"model_args", absl::StrCat("model=", model, ",candidate=", candidate_)},
                       {"batch_size", 1},
                       {"device", nullptr},
                       {"limit", nullptr},
                       {"bootstrap_iters", 0},
                       {"gen_kwargs", GenerationSettings()},
                       {"random_seed", absl::StrCat(evaluation.order_seed)}};
    file_["model_source"] = "assay";
    file_["model_name"] = candidate_;
    file_["date"] = started;
    file_["start_time"] = started;
    file_["end_time"] = started + std::max(seconds, 0.0);
    file_["total_evaluation_time_seconds"] = absl::StrCat(std::max(seconds, 0.0));
    file_["git_hash"] = nullptr;
    file_["evaluation_id"] = evaluation.id;
    file_["plan_sha256"] = evaluation.plan_sha256;
  }

  const ReportInput& input_;
  const Digest& digest_;
  const std::string& candidate_;
  const SampleClusters clusters_;
  std::map<std::string, const EvaluationPrompt*> prompts_;
  std::map<std::pair<std::string, std::string>, const TaskAnswer*> answers_;
  Json file_ = Json::object();
};

}  // namespace

std::string LmEvalResultsJson(const ReportInput& input) {
  const Digest digest(input);
  const std::vector<std::string>& candidates = digest.candidates();
  if (candidates.size() == 1) {
    return DumpJson(LmEvalFile(input, digest, candidates.front()).Write());
  }
  Json files = Json::object();
  for (const std::string& candidate : candidates) {
    files[candidate] = LmEvalFile(input, digest, candidate).Write();
  }
  return DumpJson({{"candidates", std::move(files)}});
}

}  // namespace assay::evaluator
