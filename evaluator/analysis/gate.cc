// The parser of gates.
#include "evaluator/analysis/gate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxGateBytes = 4096;
constexpr size_t kMaxClauses = 64;
constexpr size_t kQuotedBytes = 40;

constexpr std::string_view kKnownMetrics =
    "quality, quality/<content type>, latency/mean|p50|p90|p99 (seconds), "
    "first_token/mean|p50|p90|p99 (seconds), tokens_per_second, cost (USD per request), "
    "success_rate, accuracy/<task>, perplexity/<task>";

bool IsQuantile(std::string_view part) {
  return part == "mean" || part == "p50" || part == "p90" || part == "p99";
}

// A candidate's name may begin like this, but no more than an evaluation's id may.
constexpr std::string_view kEvaluationPrefix = "ev-";
constexpr double kPercent = 100;
// A confidence below one half would pass what is more likely false, and the random sign patterns do
// not resolve one above this (stats/sign_flip.h).
constexpr double kMinConfidence = 50;
constexpr double kMaxConfidence = 99.9;

bool EndsWord(char c) { return absl::ascii_isspace(c) || c == '<' || c == '>' || c == '='; }

}  // namespace

// One pass over the text, left to right.
class GateParser {
 public:
  explicit GateParser(std::string_view text) : text_(text) {}

  absl::StatusOr<Gate> Parse() {
    Gate gate;
    do {
      if (gate.clauses_.size() == kMaxClauses) {
        return Error(absl::StrCat("expected at most ", kMaxClauses, " clauses"));
      }
      ASSIGN_OR_RETURN(Gate::Clause clause, ParseClause());
      gate.clauses_.push_back(std::move(clause));
      SkipSpace();
      if (at_ == text_.size()) return gate;
    } while (ConsumeAnd());
    return Error("expected AND or the end");
  }

 private:
  absl::StatusOr<Gate::Clause> ParseClause() {
    Gate::Clause clause;
    SkipSpace();
    const size_t start = at_;
    const std::string_view word = ConsumeQuotable();
    if (ConsumeMinus()) {
      RETURN_IF_ERROR(ParseDifference(word, start, &clause));
    } else {
      RETURN_IF_ERROR(ParseMetric(word, start, &clause));
    }
    RETURN_IF_ERROR(ParseRelation(&clause));
    RETURN_IF_ERROR(ParseNumber(&clause));
    RETURN_IF_ERROR(ParseConfidence(&clause));
    return clause;
  }

  absl::Status ParseMetric(std::string_view word, size_t start, Gate::Clause* clause) const {
    if (word.empty()) return Error("expected a metric", start);
    // Candidates' names may contain colons, metrics do not.
    if (const size_t colon = word.rfind(':'); colon != std::string_view::npos) {
      clause->candidate = word.substr(0, colon);
      word.remove_prefix(colon + 1);
      if (clause->candidate.empty()) return Error("expected a candidate before ':'", start);
    }
    return ParseFamily(word, start, clause);
  }

  // Parses the two sides around a minus.
  absl::Status ParseDifference(std::string_view first, size_t start, Gate::Clause* clause) {
    RETURN_IF_ERROR(ParseSide(first, start, clause, &clause->candidate));
    const std::string metric = clause->metric;
    SkipSpace();
    const size_t second_start = at_;
    Gate::Subtraction minus;
    RETURN_IF_ERROR(ParseSide(ConsumeQuotable(), second_start, clause, &minus.candidate));
    if (!metric.empty() && clause->metric != metric) {
      return Error(absl::StrCat("expected the metric ", metric, " on both sides"), second_start);
    }
    if (clause->metric.empty()) {
      clause->metric = "quality";
    } else if (clause->part == "p50" || clause->part == "p90" || clause->part == "p99" ||
               clause->family == Gate::Family::kPerplexity) {
      return Error("expected a metric that is a mean", start);
    }
    const size_t colon = minus.candidate.find(':');
    if (minus.candidate.starts_with(kEvaluationPrefix) && colon != std::string::npos) {
      minus.evaluation = minus.candidate.substr(0, colon);
      minus.candidate.erase(0, colon + 1);
    }
    clause->minus = std::move(minus);
    return absl::OkStatus();
  }

  // Splits one side into candidate and metric. Without a metric, that of the clause stays.
  absl::Status ParseSide(std::string_view word, size_t start, Gate::Clause* clause,
                         std::string* candidate) const {
    if (word.empty()) return Error("expected a candidate", start);
    *candidate = word;
    const size_t colon = word.rfind(':');
    if (colon == std::string_view::npos) return absl::OkStatus();
    Gate::Clause metric;
    if (!ParseFamily(word.substr(colon + 1), start, &metric).ok()) return absl::OkStatus();
    *candidate = word.substr(0, colon);
    if (candidate->empty()) return Error("expected a candidate before ':'", start);
    clause->metric = metric.metric;
    clause->part = metric.part;
    clause->family = metric.family;
    return absl::OkStatus();
  }

  absl::Status ParseConfidence(Gate::Clause* clause) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != '@') return absl::OkStatus();
    const size_t start = at_;
    ++at_;
    const std::string_view word = ConsumeWord();
    double percent = 0;
    const bool number = word.size() > 1 && word.back() == '%' &&
                        absl::SimpleAtod(std::string(word.substr(0, word.size() - 1)), &percent);
    if (!number || !(percent > kMinConfidence && percent <= kMaxConfidence)) {
      return Error(absl::StrCat("expected a confidence above ", kMinConfidence, " and at most ",
                                kMaxConfidence, ", such as @95%"),
                   start);
    }
    if (!clause->minus) return Error("expected a confidence only after a difference", start);
    clause->minus->confidence = percent / kPercent;
    return absl::OkStatus();
  }

  // Parses a metric: a family, and a part after a slash.
  absl::Status ParseFamily(std::string_view word, size_t start, Gate::Clause* clause) const {
    clause->metric = word;
    const size_t slash = word.find('/');
    if (slash != std::string_view::npos) clause->part = word.substr(slash + 1);
    if (slash != std::string_view::npos && clause->part.empty()) return UnknownMetric(word, start);
    return ParseFamily(word.substr(0, slash), word, start, clause);
  }

  absl::Status ParseFamily(std::string_view family, std::string_view word, size_t start,
                           Gate::Clause* clause) const {
    enum class Part { kNone, kQuantile, kName, kNameOrNone };
    struct Row {
      std::string_view name;
      Gate::Family family;
      Part part;
    };
    static constexpr std::array<Row, 8> kRows = {{
        {"quality", Gate::Family::kQuality, Part::kNameOrNone},
        {"latency", Gate::Family::kLatency, Part::kQuantile},
        {"first_token", Gate::Family::kFirstToken, Part::kQuantile},
        {"tokens_per_second", Gate::Family::kTokensPerSecond, Part::kNone},
        {"cost", Gate::Family::kCost, Part::kNone},
        {"success_rate", Gate::Family::kSuccessRate, Part::kNone},
        {"accuracy", Gate::Family::kAccuracy, Part::kName},
        {"perplexity", Gate::Family::kPerplexity, Part::kName},
    }};
    const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                   [family](const Row& r) { return r.name == family; });
    if (row == kRows.end()) return UnknownMetric(word, start);
    const bool fits = (row->part == Part::kNone && clause->part.empty()) ||
                      (row->part == Part::kQuantile && IsQuantile(clause->part)) ||
                      (row->part == Part::kName && !clause->part.empty()) ||
                      row->part == Part::kNameOrNone;
    if (!fits) return UnknownMetric(word, start);
    clause->family = row->family;
    return absl::OkStatus();
  }

  absl::Status ParseRelation(Gate::Clause* clause) {
    SkipSpace();
    const std::string_view rest = text_.substr(at_);
    if (rest.empty() || (rest[0] != '<' && rest[0] != '>')) {
      return Error("expected >=, <=, > or <");
    }
    const bool greater = rest[0] == '>';
    const bool equal = rest.size() > 1 && rest[1] == '=';
    clause->relation = greater ? (equal ? Gate::Relation::kAtLeast : Gate::Relation::kAbove)
                               : (equal ? Gate::Relation::kAtMost : Gate::Relation::kBelow);
    at_ += equal ? 2 : 1;
    return absl::OkStatus();
  }

  absl::Status ParseNumber(Gate::Clause* clause) {
    SkipSpace();
    const size_t start = at_;
    while (at_ < text_.size() && !EndsWord(text_[at_]) && text_[at_] != '@') ++at_;
    const std::string word(text_.substr(start, at_ - start));
    // SimpleAtod would also accept words such as "nan" and "0x10".
    const bool decimal = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return absl::ascii_isdigit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
    });
    if (!decimal || !absl::SimpleAtod(word, &clause->bound) || !std::isfinite(clause->bound)) {
      return Error("expected a number without a unit", start);
    }
    clause->number = word;
    return absl::OkStatus();
  }

  bool ConsumeAnd() {
    const size_t start = at_;
    if (absl::EqualsIgnoreCase(std::string(ConsumeWord()), "and")) return true;
    at_ = start;
    return false;
  }

  std::string_view ConsumeQuotable() {
    std::string_view word = ConsumeWord();
    if (word.size() >= 2 && word.front() == '`' && word.back() == '`') {
      word = word.substr(1, word.size() - 2);
    }
    return word;
  }

  // Names may contain '-', so a minus stands between spaces.
  bool ConsumeMinus() {
    const size_t start = at_;
    SkipSpace();
    const bool minus = at_ > start && at_ + 1 < text_.size() && text_[at_] == '-' &&
                       absl::ascii_isspace(text_[at_ + 1]);
    at_ = minus ? at_ + 1 : start;
    return minus;
  }

  std::string_view ConsumeWord() {
    const size_t start = at_;
    while (at_ < text_.size() && !EndsWord(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  void SkipSpace() {
    while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
  }

  absl::Status UnknownMetric(std::string_view word, size_t start) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "gate, column ", start + 1, ": '", absl::CHexEscape(std::string(word.substr(0, 200))),
        "' is not a metric; expected one of ", std::string(kKnownMetrics)));
  }

  absl::Status Error(absl::string_view expected) const { return Error(expected, at_); }
  absl::Status Error(absl::string_view expected, size_t start) const {
    const std::string rest(text_.substr(start, kQuotedBytes));
    return absl::InvalidArgumentError(
        absl::StrCat("gate, column ", start + 1, ": ", expected, ", got ",
                     rest.empty() ? "the end" : absl::StrCat("'", absl::CHexEscape(rest), "'"),
                     "; example: \"quality >= 7.5 AND b - a >= -0.3 @95%\""));
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string_view GateOutcomeName(GateOutcome outcome) {
  switch (outcome) {
    case GateOutcome::kPass:
      return "passed";
    case GateOutcome::kUndecided:
      return "undecided";
    case GateOutcome::kFail:
      break;
  }
  return "failed";
}

std::string Gate::TextOf(const Clause& clause, const std::string& candidate,
                         const std::string& minus) {
  const bool greater = clause.relation == Relation::kAtLeast || clause.relation == Relation::kAbove;
  const bool equal = clause.relation == Relation::kAtLeast || clause.relation == Relation::kAtMost;
  const std::string condition =
      absl::StrCat(greater ? ">" : "<", equal ? "=" : "", " ", clause.number);
  if (!clause.minus) return absl::StrCat(candidate, ":", clause.metric, " ", condition);
  return absl::StrCat(candidate, ":", clause.metric, " - ", minus, " ", condition, " @",
                      kPercent * clause.minus->confidence, "%");
}

std::vector<std::string> Gate::PastEvaluations() const {
  std::vector<std::string> evaluations;
  for (const Clause& clause : clauses_) {
    if (clause.minus && !clause.minus->evaluation.empty()) {
      evaluations.push_back(clause.minus->evaluation);
    }
  }
  return evaluations;
}

std::string Gate::Tests() const {
  std::string tests;
  for (const Clause& clause : clauses_) {
    if (!clause.minus) continue;
    absl::StrAppend(&tests, TextOf(clause, clause.candidate, clause.minus->candidate), "\n");
  }
  return tests;
}

absl::StatusOr<Gate> Gate::Parse(std::string_view text) {
  if (text.size() > kMaxGateBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("gate: has ", text.size(), " bytes; the limit is ", kMaxGateBytes));
  }
  return GateParser(text).Parse();
}

}  // namespace assay::evaluator
