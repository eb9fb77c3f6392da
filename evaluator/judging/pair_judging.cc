// Judges the pairs of texts of an evaluation.
#include "evaluator/judging/pair_judging.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/hashing.h"
#include "base/status_macros.h"

namespace assay::evaluator {
namespace {

using SampleKeyTuple = std::tuple<std::string, std::string, int>;
using SampleIndex = std::map<SampleKeyTuple, const Sample*>;

const Candidate* FindCandidate(const EvaluationPlan& plan, const std::string& name) {
  const auto found =
      std::find_if(plan.models.begin(), plan.models.end(),
                   [&name](const Candidate& candidate) { return candidate.name == name; });
  return found == plan.models.end() ? nullptr : &*found;
}

bool IsSelected(const PairSelection& selection, const std::string& name) {
  if (selection.candidates.empty() || name == selection.baseline) return true;
  return std::find(selection.candidates.begin(), selection.candidates.end(), name) !=
         selection.candidates.end();
}

absl::Status CheckSelection(const EvaluationPlan& plan, const PairSelection& selection) {
  if (!selection.baseline.empty() && FindCandidate(plan, selection.baseline) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("baseline: the evaluation has no candidate '", selection.baseline, "'"));
  }
  for (const std::string& name : selection.candidates) {
    if (FindCandidate(plan, name) != nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("candidates: the evaluation has no candidate '", name, "'"));
  }
  if (selection.limit < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: is ", selection.limit, "; give 0 or more"));
  }
  return absl::OkStatus();
}

// Adds the pairs of two candidates, at most `limit` unless it is 0.
void AddPairs(const EvaluationPlan& plan, const SampleIndex& index, const std::string& first,
              const std::string& second, int limit, std::vector<SamplePair>* pairs) {
  int added = 0;
  for (int repeat = 0; repeat < plan.repeats; ++repeat) {
    for (const EvaluationPrompt& prompt : plan.prompts) {
      if (limit > 0 && added == limit) return;
      const auto a = index.find({first, prompt.id, repeat});
      const auto b = index.find({second, prompt.id, repeat});
      if (a == index.end() || b == index.end()) continue;
      pairs->push_back({.first = a->second, .second = b->second, .prompt = &prompt});
      ++added;
    }
  }
}

// The answers of one judge, with those that are stored.
class Asker {
 public:
  Asker(Judge* judge, JudgmentStore* store, JudgingProgress* progress)
      : judge_(judge), store_(store), progress_(progress) {}

  absl::StatusOr<JudgeAnswer> Ask(const JudgeQuestion& question, const CallContext& context) {
    const std::string hash = Sha256Hex(judge_->Request(question));
    ASSIGN_OR_RETURN(const std::optional<JudgeAnswer> stored, Stored(hash));
    if (stored.has_value()) {
      ++progress_->cached;
      return *stored;
    }
    ++progress_->asked;
    ASSIGN_OR_RETURN(const JudgeAnswer answer, judge_->Ask(question, context));
    progress_->spent_usd += answer.cost_usd;
    // A model that was replaced during the question has answered as another version.
    if (Sha256Hex(judge_->Request(question)) == hash) {
      store_status_ = store_->AddAnswer(hash, answer, absl::Now());
    }
    return answer;
  }

  // Returns the last error of the store.
  const absl::Status& store_status() const { return store_status_; }

 private:
  absl::StatusOr<std::optional<JudgeAnswer>> Stored(const std::string& hash) {
    absl::StatusOr<std::optional<JudgeAnswer>> found = store_->FindAnswer(hash);
    store_status_ = found.status();
    return found;
  }

  Judge* const judge_;
  JudgmentStore* const store_;
  JudgingProgress* const progress_;
  absl::Status store_status_;
};

Preference PreferenceOf(Choice choice, bool swapped) {
  if (choice == Choice::kNeither) return Preference::kTie;
  return (choice == Choice::kFirst) != swapped ? Preference::kSample : Preference::kOther;
}

std::string WarningOf(const Judge& judge, const EvaluationPlan& plan, const SamplePair& pair) {
  std::string names;
  for (const Sample* sample : {pair.first, pair.second}) {
    const Candidate* candidate = FindCandidate(plan, sample->model);
    if (candidate == nullptr || !judge.Wrote(*candidate, *sample)) continue;
    absl::StrAppend(&names, names.empty() ? "" : " and of ", sample->model);
  }
  if (names.empty()) return "";
  return absl::StrCat("judge ", judge.name(), " is the model that wrote the texts of ", names,
                      ": models prefer their own texts, so its judgments of them are no evidence");
}

// Asks in both orders.
Judgment JudgePair(const SamplePair& pair, const EvaluationPlan& plan, Judge* judge, Asker* asker,
                   const CallContext& context) {
  Judgment judgment = {.judge = judge->name(),
                       .version = judge->version(),
                       .sample = IdOf(*pair.first),
                       .other = IdOf(*pair.second),
                       .warning = WarningOf(*judge, plan, pair)};
  const std::string& first = pair.first->generation.text;
  const std::string& second = pair.second->generation.text;
  if (first == second) return judgment;
  for (const bool swapped : {false, true}) {
    const JudgeQuestion question = {.content_type = pair.prompt->content_type,
                                    .prompt = pair.prompt->prompt,
                                    .first = swapped ? second : first,
                                    .second = swapped ? first : second};
    const absl::StatusOr<JudgeAnswer> answer = asker->Ask(question, context);
    if (!answer.ok()) {
      judgment.error = answer.status().ToString();
      return judgment;
    }
    (swapped ? judgment.backward : judgment.forward) = PreferenceOf(answer->choice, swapped);
    judgment.cost_usd += answer->cost_usd;
    judgment.cost_known = judgment.cost_known && answer->cost_known;
  }
  // A local judge knows its revision once it is resident.
  judgment.version = judge->version();
  judgment.warning = WarningOf(*judge, plan, pair);
  return judgment;
}

}  // namespace

absl::StatusOr<std::vector<SamplePair>> SelectPairs(const EvaluationPlan& plan,
                                                    const std::vector<Sample>& samples,
                                                    const PairSelection& selection) {
  RETURN_IF_ERROR(CheckSelection(plan, selection));
  SampleIndex index;
  for (const Sample& sample : samples) {
    if (sample.error.empty()) index[{sample.model, sample.prompt_id, sample.repeat}] = &sample;
  }
  std::vector<std::string> names;
  for (const Candidate& candidate : plan.models) {
    if (IsSelected(selection, candidate.name)) names.push_back(candidate.name);
  }
  if (names.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("candidates: ", names.size(),
                     " selected; a comparison needs two candidates of the evaluation"));
  }
  std::vector<SamplePair> pairs;
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t j = i + 1; j < names.size(); ++j) {
      const std::string& baseline = selection.baseline;
      if (!baseline.empty() && names[i] != baseline && names[j] != baseline) continue;
      AddPairs(plan, index, names[i], names[j], selection.limit, &pairs);
    }
  }
  return pairs;
}

absl::StatusOr<JudgingProgress> JudgePairs(
    const std::string& evaluation_id, const EvaluationPlan& plan,
    const std::vector<SamplePair>& pairs, const std::vector<std::unique_ptr<Judge>>& judges,
    JudgmentStore* store, const std::function<void(const JudgingProgress&)>& on_progress,
    const CallContext& context) {
  JudgingProgress progress;
  progress.total = static_cast<int>(pairs.size() * judges.size());
  for (const std::unique_ptr<Judge>& judge : judges) {
    Asker asker(judge.get(), store, &progress);
    progress.judge = judge->name();
    int failures = 0;
    for (const SamplePair& pair : pairs) {
      RETURN_IF_ERROR(context.Check());
      ++progress.finished;
      if (failures >= kMaxFailuresInRow) continue;
      Judgment judgment = JudgePair(pair, plan, judge.get(), &asker, context);
      RETURN_IF_ERROR(asker.store_status());
      RETURN_IF_ERROR(context.Check());
      failures = judgment.error.empty() ? 0 : failures + 1;
      judgment.judged_at = absl::Now();
      RETURN_IF_ERROR(store->Add(evaluation_id, judgment));
      on_progress(progress);
    }
  }
  return progress;
}

}  // namespace assay::evaluator
