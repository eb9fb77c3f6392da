// Implementation of the comparison of models from two evaluations.
#include "evaluator/analysis/compare.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/analysis/early_stop.h"
#include "evaluator/analysis/gate_attempts.h"
#include "evaluator/economics/economics.h"
#include "evaluator/plan/plan.h"

namespace assay::evaluator {
namespace {

// The data of one side.
struct Part {
  std::string label;
  Evaluation evaluation;
  EvaluationPlan plan;
  // The model as planned, before the side got its label.
  Candidate model;
  std::vector<Sample> samples;
  std::vector<TaskAnswer> answers;
  std::string scorer;
};

std::string Join(const std::vector<std::string>& names) { return absl::StrJoin(names, ", "); }

absl::StatusOr<std::string> ChooseModel(const EvaluationPlan& plan, const ComparedSide& side,
                                        const std::string& field) {
  std::vector<std::string> names;
  names.reserve(plan.models.size());
  for (const Candidate& candidate : plan.models) names.push_back(candidate.name);
  if (side.model.empty() && names.size() == 1) return names.front();
  if (std::find(names.begin(), names.end(), side.model) != names.end()) return side.model;
  return absl::InvalidArgumentError(absl::StrCat(
      field, side.model.empty() ? ": is empty" : absl::StrCat(": unknown model '", side.model, "'"),
      "; set one of the models of ", side.evaluation_id, ": ", Join(names)));
}

absl::StatusOr<Part> ReadPart(RunStore* store, const ComparedSide& side, const std::string& field) {
  ASSIGN_OR_RETURN(Evaluation evaluation, store->Get(side.evaluation_id));
  if (evaluation.state == EvaluationState::kRunning) {
    return absl::FailedPreconditionError(
        absl::StrCat("evaluation '", side.evaluation_id, "' is still running; wait until it ends"));
  }
  Part part{.evaluation = std::move(evaluation)};
  ASSIGN_OR_RETURN(EvaluationPlan plan, store->Plan(side.evaluation_id));
  part.plan = std::move(plan);
  ASSIGN_OR_RETURN(const std::string model, ChooseModel(part.plan, side, field));
  part.label = model;
  for (const Candidate& candidate : part.plan.models) {
    if (candidate.name == model) part.model = candidate;
  }
  ASSIGN_OR_RETURN(std::vector<Sample> samples, store->Samples(side.evaluation_id));
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(part.samples),
               [&model](const Sample& sample) { return sample.model == model; });
  ASSIGN_OR_RETURN(std::vector<TaskAnswer> answers, store->Answers(side.evaluation_id));
  std::copy_if(answers.begin(), answers.end(), std::back_inserter(part.answers),
               [&model](const TaskAnswer& answer) { return answer.model == model; });
  if (!part.samples.empty()) {
    const Sample& first = part.samples.front();
    part.scorer = absl::StrCat(first.scorer, " ", first.scorer_version);
  }
  return part;
}

void Rename(Part* part, const std::string& label) {
  part->label = label;
  for (Sample& sample : part->samples) sample.model = label;
  for (TaskAnswer& answer : part->answers) answer.model = label;
}

bool SamePrompt(const EvaluationPrompt& a, const EvaluationPrompt& b) {
  return a.id == b.id && a.content_type == b.content_type && a.prompt == b.prompt &&
         a.system == b.system && a.reference == b.reference &&
         a.constraints.max_characters == b.constraints.max_characters &&
         a.constraints.must_include == b.constraints.must_include;
}

std::vector<EvaluationPrompt> SharedPrompts(const EvaluationPlan& a, const EvaluationPlan& b) {
  std::vector<EvaluationPrompt> shared;
  std::copy_if(a.prompts.begin(), a.prompts.end(), std::back_inserter(shared),
               [&b](const EvaluationPrompt& prompt) {
                 return std::any_of(b.prompts.begin(), b.prompts.end(),
                                    [&prompt](const EvaluationPrompt& other) {
                                      return SamePrompt(prompt, other);
                                    });
               });
  return shared;
}

bool SameItems(const KnownAnswerTask& a, const KnownAnswerTask& b) {
  return a.name == b.name && a.kind == b.kind && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    [](const MultipleChoiceItem& x, const MultipleChoiceItem& y) {
                      return x.id == y.id && x.context == y.context && x.choices == y.choices &&
                             x.answer == y.answer;
                    });
}

std::vector<KnownAnswerTask> SharedTasks(const EvaluationPlan& a, const EvaluationPlan& b) {
  std::vector<KnownAnswerTask> shared;
  std::copy_if(a.tasks.begin(), a.tasks.end(), std::back_inserter(shared),
               [&b](const KnownAnswerTask& task) {
                 return std::any_of(
                     b.tasks.begin(), b.tasks.end(),
                     [&task](const KnownAnswerTask& other) { return SameItems(task, other); });
               });
  return shared;
}

// Returns the prompts that only this side has.
std::vector<std::string> UnsharedPrompts(const EvaluationPlan& whole, const Part& part) {
  std::vector<std::string> unshared;
  for (const EvaluationPrompt& prompt : part.plan.prompts) {
    const bool shared =
        std::any_of(whole.prompts.begin(), whole.prompts.end(),
                    [&prompt](const EvaluationPrompt& other) { return SamePrompt(prompt, other); });
    if (shared) continue;
    unshared.push_back(absl::StrCat(prompt.id, ": only ", part.label,
                                    " has this prompt with the same text and constraints"));
  }
  return unshared;
}

void Append(Part part, const EvaluationPlan& whole, std::vector<Sample>* samples,
            std::vector<TaskAnswer>* answers) {
  for (Sample& sample : part.samples) {
    const bool known = std::any_of(
        whole.prompts.begin(), whole.prompts.end(),
        [&sample](const EvaluationPrompt& prompt) { return prompt.id == sample.prompt_id; });
    if (known) samples->push_back(std::move(sample));
  }
  for (TaskAnswer& answer : part.answers) {
    const bool known =
        std::any_of(whole.tasks.begin(), whole.tasks.end(),
                    [&answer](const KnownAnswerTask& task) { return task.name == answer.task; });
    if (known) answers->push_back(std::move(answer));
  }
}

// Collects the differences between how the two sides were measured.
class Differences {
 public:
  template <typename Value>
  void Compare(std::string_view setting, const Value& a, const Value& b) {
    if (a == b) return;
    list_.push_back(absl::StrCat(std::string(setting), ": ", a, " and ", b));
  }
  void Add(std::string sentence) { list_.push_back(std::move(sentence)); }
  std::vector<std::string> Release() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

void CompareSampling(const Sampling& a, const Sampling& b, Differences* differences) {
  differences->Compare("temperature", a.temperature, b.temperature);
  differences->Compare("top_p", a.top_p, b.top_p);
  differences->Compare("top_k", a.top_k, b.top_k);
  differences->Compare("seed", a.seed, b.seed);
}

std::string EnergySources(const Part& part) {
  std::set<std::string> sources;
  for (const Sample& sample : part.samples) {
    if (sample.error.empty()) sources.insert(sample.energy.source);
  }
  return absl::StrJoin(sources, "+");
}

// False for evaluations of older versions, whose samples could hit the prefix cache. Those versions
// did not record the versions of scorers.
bool BypassedPrefixCache(const Part& part) { return !part.evaluation.scorer_versions.empty(); }

std::vector<std::string> DifferencesOf(const Part& a, const Part& b) {
  Differences differences;
  for (const Part* part : {&a, &b}) {
    if (part->evaluation.state == EvaluationState::kSucceeded) continue;
    differences.Add(absl::StrCat(
        part->evaluation.id,
        part->evaluation.state == EvaluationState::kCancelled ? " was cancelled" : " failed",
        " after ", part->evaluation.finished_samples, " of ", part->evaluation.total_samples,
        " samples"));
  }
  for (const Part* part : {&a, &b}) {
    const std::optional<EarlyStop>& stop = part->evaluation.analysis.early_stop;
    if (!stop || stop->reason.empty() || a.evaluation.id == b.evaluation.id) continue;
    differences.Add(absl::StrCat(part->evaluation.id, " ", EarlyStopText(*stop),
                                 "; its results decided when, so that its differences are "
                                 "overstated, and the tests here do not allow for it"));
  }
  differences.Compare("max_new_tokens", a.plan.max_new_tokens, b.plan.max_new_tokens);
  differences.Compare("repeats", a.plan.repeats, b.plan.repeats);
  differences.Compare("timeout", absl::FormatDuration(a.plan.timeout),
                      absl::FormatDuration(b.plan.timeout));
  CompareSampling(a.model.sampling.value_or(a.plan.sampling),
                  b.model.sampling.value_or(b.plan.sampling), &differences);
  differences.Compare("energy source", EnergySources(a), EnergySources(b));
  if (a.plan.economics && b.plan.economics) {
    Differences prices;
    for (const EconomicsNumber& number : EconomicsNumbers()) {
      prices.Compare(number.name, (*a.plan.economics).*number.value,
                     (*b.plan.economics).*number.value);
    }
    if (const std::vector<std::string> list = prices.Release(); !list.empty()) {
      differences.Add(absl::StrCat("economics (", absl::StrJoin(list, "; "),
                                   "): the costs of both sides use the baseline's inputs"));
    }
  }
  if (a.evaluation.id != b.evaluation.id && BypassedPrefixCache(a) != BypassedPrefixCache(b)) {
    differences.Add(
        "one evaluation is from an older assayd, whose timings include prefix cache hits");
  }
  return differences.Release();
}

// Recomputes the costs of successful samples with `inputs`.
void RecomputeCosts(const EconomicsInputs& inputs, std::vector<Sample>* samples) {
  for (Sample& sample : *samples) {
    if (!sample.error.empty()) continue;
    const absl::Duration busy =
        absl::Milliseconds(sample.generation.total_ms - sample.generation.queue_ms);
    const bool stated = sample.energy.source.empty() || sample.energy.source == "stated";
    sample.cost_usd =
        RequestCost(inputs, stated ? StatedEnergy(inputs, busy) : sample.energy, busy);
  }
}

}  // namespace

absl::StatusOr<MergedRuns> MergeRuns(RunStore* store, const ComparedSide& baseline,
                                     const ComparedSide& candidate, FailurePolicy failures) {
  ASSIGN_OR_RETURN(Part a, ReadPart(store, baseline, "baseline_model"));
  ASSIGN_OR_RETURN(Part b, ReadPart(store, candidate, "candidate_model"));
  if (a.label == b.label) {
    if (baseline.evaluation_id == candidate.evaluation_id) {
      return absl::InvalidArgumentError(
          absl::StrCat("candidate_model: '", b.label, "' of ", candidate.evaluation_id,
                       " is also the baseline; choose another model or evaluation"));
    }
    Rename(&a, absl::StrCat(a.label, "@", baseline.evaluation_id));
    Rename(&b, absl::StrCat(b.label, "@", candidate.evaluation_id));
  }
  if (!a.scorer.empty() && !b.scorer.empty() && a.scorer != b.scorer) {
    return absl::FailedPreconditionError(
        absl::StrCat("the scorers differ: ", a.label, " was scored by ", a.scorer, ", ", b.label,
                     " by ", b.scorer, "; evaluate one of them again"));
  }
  MergedRuns merged;
  EvaluationPlan& whole = merged.plan;
  for (const Part* part : {&a, &b}) {
    whole.models.push_back(part->model);
    whole.models.back().name = part->label;
  }
  whole.baseline = a.label;
  whole.sampling = b.plan.sampling;
  whole.max_new_tokens = b.plan.max_new_tokens;
  whole.failures = failures;
  whole.prompts = SharedPrompts(a.plan, b.plan);
  if (baseline.evaluation_id == candidate.evaluation_id) {
    // These determine the looks.
    whole.stop_early = a.plan.stop_early;
    whole.order_seed = a.plan.order_seed;
    whole.repeats = a.plan.repeats;
  }
  whole.tasks = SharedTasks(a.plan, b.plan);
  for (const auto& [side, plan] : {std::pair(&baseline, &a.plan), std::pair(&candidate, &b.plan)}) {
    if (!plan->prompts.empty() || !plan->tasks.empty()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(side->evaluation_id,
                     " was cancelled before its first sample, so there is nothing to compare"));
  }
  if (whole.prompts.empty() && whole.tasks.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(baseline.evaluation_id, " and ", candidate.evaluation_id,
                     " share no prompt and no task, so there is nothing to compare"));
  }
  merged.evaluation =
      b.evaluation.state == EvaluationState::kSucceeded ? a.evaluation : b.evaluation;
  merged.differences = DifferencesOf(a, b);
  for (const Part* part : {&a, &b}) {
    for (std::string& prompt : UnsharedPrompts(whole, *part)) {
      merged.unshared.push_back(std::move(prompt));
    }
    Append(*part, whole, &merged.samples, &merged.answers);
  }
  if (baseline.evaluation_id != candidate.evaluation_id && a.plan.economics) {
    RecomputeCosts(*a.plan.economics, &merged.samples);
  }
  return merged;
}

absl::StatusOr<ComparedRuns> CompareRuns(RunStore* store, const ComparedSide& baseline,
                                         const ComparedSide& candidate,
                                         const CompareOptions& options) {
  // The negated comparison also rejects NaN.
  if (!(options.alpha > 0 && options.alpha <= kMaxAlpha)) {
    return absl::InvalidArgumentError(
        absl::StrCat("alpha: ", options.alpha, "; must be above 0 and at most ", kMaxAlpha));
  }
  std::optional<Gate> gate;
  if (!options.gate.empty()) {
    ASSIGN_OR_RETURN(gate, Gate::Parse(options.gate));
  }
  ASSIGN_OR_RETURN(MergedRuns merged, MergeRuns(store, baseline, candidate, options.failures));
  merged.plan.alpha = options.alpha;
  merged.plan.correction = options.correction;
  ComparedRuns compared{.analysis = Analyze(merged.plan, merged.samples, merged.answers),
                        .differences = std::move(merged.differences)};
  compared.prompts = PromptDifferences(merged.plan, merged.plan.baseline, merged.samples);
  for (Comparison& comparison : compared.analysis.comparisons) {
    if (!comparison.content_type.empty()) continue;
    comparison.unpaired.insert(comparison.unpaired.end(), merged.unshared.begin(),
                               merged.unshared.end());
  }
  if (!gate) return compared;
  ASSIGN_OR_RETURN(compared.gate,
                   gate->Check(merged.evaluation, merged.plan, merged.samples, merged.answers));
  const std::string both = absl::StrCat(baseline.evaluation_id, " ", candidate.evaluation_id);
  RETURN_IF_ERROR(CountAttempt(store, *gate, merged.plan, both, &*compared.gate));
  return compared;
}

}  // namespace assay::evaluator
