// Implementation of synthetic evaluations.
#include "tests/evaluator/report/made_up_study.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/summary.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

const std::vector<std::string>& Types() {
  static const auto* const kTypes =
      new std::vector<std::string>{"twitter", "linkedin", "technical", "business", "email", "blog"};
  return *kTypes;
}

std::string CandidateName(int i) {
  static const auto* const kNames = new std::vector<std::string>{
      "smollm2_135m",         "smollm2_135m:q4_0", "smollm2_135m_terse",
      "smollm2_135m_hot_t12", "random_small_a",    "random_small_b_with_quite_a_long_name"};
  return i < static_cast<int>(kNames->size()) ? (*kNames)[i] : absl::StrCat("candidate_", i);
}

EvaluationPlan MakePlan(const StudySize& size) {
  EvaluationPlan plan;
  plan.name = "standard study";
  plan.hypothesis =
      "4-bit weights cost no quality that anyone would notice (|d| < 0.2) and are faster; the "
      "random models come last.";
  for (int i = 0; i < size.candidates; ++i) {
    plan.models.push_back({.name = CandidateName(i), .model = CandidateName(std::min(i, 1))});
  }
  if (size.candidates > 2) plan.models[2].system = "Be brief. No pleasantries.";
  if (size.candidates > 3) plan.models[3].sampling = Sampling{.temperature = 1.2, .top_p = 0.95};
  for (const std::string& type : Types()) {
    for (int i = 1; i <= size.prompts_per_type; ++i) {
      plan.prompts.push_back({.id = absl::StrCat(type, "-", i),
                              .content_type = type,
                              .prompt = absl::StrCat("Write a ", type, " piece about topic ", i)});
    }
  }
  plan.repeats = size.repeats;
  plan.scorers = {"assay", "classic"};
  plan.tasks = {{.name = "facts"},
                {.name = "novel", .kind = TaskKind::kPerplexity, .text = "Once upon a time."}};
  for (int i = 0; i < 40; ++i) {
    plan.tasks[0].items.push_back(
        {absl::StrCat("q", i), absl::StrCat(i, " + 1 ="), {absl::StrCat(" ", i + 1), " 99"}, 0});
  }
  return plan;
}

Sample MakeSample(const EvaluationPrompt& prompt, int model, int repeat, int index,
                  std::mt19937* random) {
  std::normal_distribution<double> normal(0, 1);
  Sample s;
  s.model = CandidateName(model);
  s.content_type = prompt.content_type;
  s.prompt_id = prompt.id;
  s.repeat = repeat;
  const double skill = model < 4 ? 7.4 - 0.3 * model : 3.2 - 0.3 * model / 5;
  const double quality = std::clamp(skill + 0.7 * normal(*random), 0.0, 10.0);
  s.quality_score = quality;
  s.scorer = "assay";
  s.scorer_version = "2";
  s.scores = {{.scorer = "assay",
               .version = "2",
               .overall = quality,
               .parts = {{"structure", quality * 0.9},
                         {"readability", 6 + normal(*random)},
                         {"specificity", quality * 0.7},
                         {"relevance", quality * 0.95}}},
              {.scorer = "classic", .version = "1", .overall = 5.4, .parts = {{"base", 5}}}};
  Generation& g = s.generation;
  const double speed = 60 + 45.0 * (model == 1) - 20.0 * (model > 3);
  g.completion_tokens = 60 + static_cast<int>((*random)() % 140);
  g.first_token_ms = 40 * std::exp(0.3 * normal(*random)) * (model > 3 ? 3 : 1);
  g.tokens_per_second = speed * std::exp(0.1 * normal(*random));
  g.total_ms = g.first_token_ms + g.completion_tokens / g.tokens_per_second * 1000;
  g.inter_token_p50_ms = 1000 / g.tokens_per_second;
  g.inter_token_p90_ms = g.inter_token_p50_ms * 1.3;
  g.inter_token_p99_ms = g.inter_token_p50_ms * 2.1;
  g.finish_reason = index % 3 == 0 ? "length" : "end_of_text";
  g.text = absl::StrCat("Our team's \"growth\" strategy, piece ", index,
                        ":\n\n- one\n- two, with a comma\n\nWhat do *you* think? #growth");
  s.energy = {.joules = g.total_ms / 1000 * 20, .source = "stated"};
  s.cost_usd = s.energy.joules / 3.6e6 * 0.15;
  const double gib = 1024.0 * 1024 * 1024;
  s.memory.before_bytes = static_cast<int64_t>(gib * (1.1 + 0.00002 * index));
  s.memory.after_bytes = static_cast<int64_t>(gib * (1.1 + 0.00002 * index + 0.004 * (model == 3)));
  s.memory.peak_bytes = s.memory.after_bytes + (int64_t{20} << 20);
  s.finished_at = absl::FromUnixMicros(1'795'409'750'123'456) + absl::Seconds(2) * index;
  s.revision = "sha256:1f0c9a7b3d21";
  return s;
}

Comparison MakeComparison(const std::string& candidate, const std::string& type,
                          const std::string& metric, double baseline, double mean, int pairs) {
  Comparison c;
  c.content_type = type;
  c.baseline = CandidateName(0);
  c.candidate = candidate;
  c.metric = metric;
  c.greater_is_better = metric == "quality_score";
  const double diff = mean - baseline;
  const bool clear = std::fabs(diff) > 0.15 * baseline;
  c.result = {.status = pairs < kMinPairs ? PairedStatus::kInsufficientPairs : PairedStatus::kOk,
              .n_paired = pairs,
              .method = "sign_flip_random",
              .baseline_mean = baseline,
              .candidate_mean = mean,
              .diff = diff,
              .ci_low = diff - 0.08 * baseline,
              .ci_high = diff + 0.08 * baseline,
              .ci_method = "inversion",
              .p_value = clear ? 1.2e-6 : 0.21,
              .t_test_p_value = 0.2,
              .effect_size = diff / (0.2 * baseline)};
  c.p_adjusted = clear ? 6e-6 : 0.63;
  c.verdict = pairs < kMinPairs                   ? Verdict::kTooFewPairs
              : !clear                            ? Verdict::kNoDifferenceShown
              : (diff > 0) == c.greater_is_better ? Verdict::kBetter
                                                  : Verdict::kWorse;
  c.pairs_needed = clear ? 12 : 431;
  c.detectable_difference = 0.09 * baseline;
  c.power_alpha = 0.05 / 35;
  return c;
}

Ranking MakeRanking(const std::vector<Summary>& summaries, const std::string& type) {
  Ranking ranking{.content_type = type};
  for (const Summary& s : summaries) {
    if (s.content_type != type || s.quality_score.n == 0) continue;
    const Estimate& q = s.quality_score;
    ranking.candidates.push_back({s.model, q.n, q.mean, q.ci_low.value_or(q.mean) - 0.05,
                                  q.ci_high.value_or(q.mean) + 0.05, 1});
  }
  std::sort(ranking.candidates.begin(), ranking.candidates.end(),
            [](const auto& a, const auto& b) { return a.mean > b.mean; });
  for (size_t i = 1; i < ranking.candidates.size(); ++i) {
    const bool tied = ranking.candidates[i - 1].mean - ranking.candidates[i].mean < 0.5;
    ranking.candidates[i].rank = tied ? ranking.candidates[i - 1].rank : static_cast<int>(i) + 1;
  }
  return ranking;
}

Analysis MakeAnalysis(const Study& study) {
  Analysis analysis;
  analysis.baseline = CandidateName(0);
  analysis.correction = "holm";
  const std::vector<Summary>& all = study.evaluation.summaries;
  for (const Summary& s : all) {
    const auto base = std::find_if(all.begin(), all.end(), [&](const Summary& b) {
      return b.model == analysis.baseline && b.content_type == s.content_type;
    });
    if (s.model == analysis.baseline || base == all.end()) continue;
    const int pairs = s.quality_score.n;
    analysis.comparisons.push_back(MakeComparison(s.model, s.content_type, "quality_score",
                                                  base->quality_score.mean, s.quality_score.mean,
                                                  pairs));
    analysis.comparisons.push_back(MakeComparison(s.model, s.content_type, "latency_ms",
                                                  base->latency_ms.mean, s.latency_ms.mean, pairs));
    if (s.failures > 0) {
      analysis.comparisons.back().unpaired.push_back("linkedin-3: the candidate failed");
    }
  }
  analysis.rankings.push_back(MakeRanking(all, ""));
  for (const std::string& type : Types()) analysis.rankings.push_back(MakeRanking(all, type));
  for (const Candidate& c : study.plan.models) {
    analysis.memory.push_back({c.name, 90, 240, -300, 900, false});
  }
  if (analysis.memory.size() > 3) {
    analysis.memory[3] = {CandidateName(3), 90, 51200, 40000, 61000, true};
  }
  analysis.decisions = {
      "Over all content types, smollm2_135m:q4_0 cannot be distinguished from smollm2_135m in "
      "quality (difference -0.31, 95 % interval -0.62 to 0.02, adjusted p = 0.21, 30 "
      "prompts).",
      "Over all content types, random_small_a is worse than smollm2_135m (difference -4.4, 95 % "
      "interval -4.9 to -3.9, p < 0.0001).",
      "linkedin: too few prompts (5) to decide anything."};
  return analysis;
}

constexpr char kAttackText[] =
    "</pre></td><script>alert(1)</script><img src=x onerror=alert(2)>\"' | `a` ``` "
    "]](javascript:x) "
    "<!-- &lt; &amp; \x1b[31m \0 \xff\xfe \xed\xa0\x80 \xe2\x80\xae evil \xef\xbf\xbf\r\n# "
    "h\r\n=1+1";

void AddAnswers(Study* study) {
  std::mt19937 random(3);
  for (const Candidate& c : study->plan.models) {
    for (const MultipleChoiceItem& item : study->plan.tasks[0].items) {
      const bool right = random() % 10 < (c.name.starts_with("random") ? 5u : 8u);
      study->answers.push_back({.model = c.name,
                                .task = "facts",
                                .item_id = item.id,
                                .log_likelihoods = {right ? -1.5 : -4.5, -3.25},
                                .tokens = {2, 2},
                                .chosen = right ? 0 : 1,
                                .correct = right,
                                .chosen_by_length = 0,
                                .correct_by_length = true});
    }
    study->answers.push_back({.model = c.name,
                              .task = "novel",
                              .item_id = "text",
                              .log_likelihoods = {-12.5},
                              .tokens = {5}});
  }
}

}  // namespace

Study MadeUpStudy(const StudySize& size) {
  Study study;
  study.plan = MakePlan(size);
  std::mt19937 random(11);
  int index = 0;
  for (int repeat = 0; repeat < size.repeats; ++repeat) {
    for (const EvaluationPrompt& prompt : study.plan.prompts) {
      for (int model = 0; model < size.candidates; ++model) {
        Sample s = MakeSample(prompt, model, repeat, index++, &random);
        const bool dead = size.last_fails && model + 1 == size.candidates;
        if (dead || (model == 3 && index % 29 == 0)) {
          s = {.model = s.model,
               .content_type = s.content_type,
               .prompt_id = s.prompt_id,
               .repeat = s.repeat,
               .error = dead ? "NOT_FOUND: models/random_b.gguf: no such file; pull it first"
                             : "DEADLINE_EXCEEDED: no answer within 300 s",
               .finished_at = s.finished_at};
        }
        study.samples.push_back(std::move(s));
      }
    }
  }
  AddAnswers(&study);
  std::vector<PreparedModel> prepared;
  for (const Candidate& c : study.plan.models) {
    PreparedModel& model = prepared.emplace_back();
    model.name = c.name;
    model.load = LoadReport{.load_seconds = 0.62,
                            .resident_bytes = int64_t{291} << 20,
                            .revision = "sha256:1f0c9a7b3d21"};
  }
  Evaluation& e = study.evaluation;
  e = RunningEvaluation("ev-20261123-045500-1a2b3c");
  e.name = study.plan.name;
  e.plan_sha256 = std::string(64, 'c');
  e.order_seed = 18'000'000'000'000'000'001u;
  e.state = EvaluationState::kSucceeded;
  e.finished_at = e.started_at + absl::Seconds(1111);
  e.summaries = SummarizeAll(study.plan, prepared, study.samples, EconomicsInputs());
  e.finished_samples = e.total_samples =
      static_cast<int>(study.samples.size() + study.answers.size());
  e.analysis = MakeAnalysis(study);
  for (int level : {1, 2, 4, 8}) {
    e.scaling.push_back({.model = CandidateName(0),
                         .level = level,
                         .requests = level * 3,
                         .failures = level == 8 ? 2 : 0,
                         .tokens_per_second = 60.25 * std::sqrt(level),
                         .latency_p50_ms = 2100.0 + 300 * level,
                         .latency_p90_ms = 2500.0 + 350 * level,
                         .first_token_p50_ms = 40,
                         .first_token_p90_ms = 66,
                         .resident_bytes = int64_t{1200} << 20});
    if (level > 2) continue;
    e.scaling.push_back(e.scaling.back());
    e.scaling.back().kind = ScalingKind::kResidents;
  }
  study.economics = {
      {CandidateName(0),
       {.name = "cost per request",
        .value = 1.7e-6,
        .unit = "USD",
        .formula = "power_watts / 1000 * busy_hours * electricity_usd_per_kwh",
        .inputs = {{"power_watts", 20},
                   {"busy_hours", 0.000564},
                   {"electricity_usd_per_kwh", 0.15}},
        .note = "watts as stated"}},
      {"",
       {.name = "savings per year",
        .value = 54.1,
        .unit = "USD/year",
        .formula = "savings_per_day * 365",
        .inputs = {{"savings_per_day", 0.148}}}},
      {"", {.name = "break-even", .unit = "requests", .note = "never: nothing is saved"}}};
  return study;
}

Study SmallestStudy() {
  Study study =
      MadeUpStudy({.candidates = 1, .prompts_per_type = 1, .repeats = 1, .last_fails = false});
  study.plan.prompts.resize(1);
  study.samples.resize(1);
  study.plan.tasks.clear();
  study.answers.clear();
  study.evaluation.analysis = {};
  PreparedModel model{.name = CandidateName(0), .load = LoadReport{}};
  study.evaluation.summaries = SummarizeAll(study.plan, {model}, study.samples, {});
  return study;
}

Study HostileStudy() {
  Study study = MadeUpStudy({.candidates = 2, .prompts_per_type = 1, .repeats = 1});
  // The attack contains NUL and invalid UTF-8: a lone byte and a surrogate.
  constexpr std::string_view kAttack(kAttackText, sizeof(kAttackText) - 1);
  const std::string attack(kAttack);
  study.plan.hypothesis = attack;
  study.plan.models[1].name = study.plan.models[1].system = attack;
  study.plan.prompts[0].prompt = attack;
  study.evaluation.name = study.evaluation.id = study.evaluation.error = attack;
  study.evaluation.analysis.decisions = {attack};
  study.evaluation.analysis.correction = attack;
  study.evaluation.runs = {{attack, attack, attack}};
  for (Ranking& ranking : study.evaluation.analysis.rankings) {
    for (RankedCandidate& candidate : ranking.candidates) candidate.name = attack;
  }
  for (Comparison& c : study.evaluation.analysis.comparisons) {
    c.candidate = c.metric = c.result.method = attack;
    c.unpaired = {attack};
  }
  for (ScalingPoint& point : study.evaluation.scaling) point.model = attack;
  for (MemoryTrend& trend : study.evaluation.analysis.memory) trend.model = attack;
  for (Summary& s : study.evaluation.summaries) {
    if (s.model != CandidateName(0)) s.model = s.content_type = attack;
    s.revision = s.scorer = attack;
  }
  for (Sample& s : study.samples) {
    if (s.model != CandidateName(0)) s.model = s.error = attack;
    s.generation.text = s.revision = s.prompt_id = s.energy.source = attack;
    s.scores.push_back({.scorer = attack, .version = attack, .overall = 1, .parts = {{attack, 1}}});
  }
  for (ReportFigure& f : study.economics) {
    f = {attack,
         {.name = attack,
          .value = 1,
          .unit = attack,
          .formula = attack,
          .inputs = {{attack, 1}},
          .note = attack}};
  }
  return study;
}

}  // namespace assay::evaluator
