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
    RETURN_IF_ERROR(ParseMetric(&clause));
    RETURN_IF_ERROR(ParseRelation(&clause));
    RETURN_IF_ERROR(ParseNumber(&clause));
    return clause;
  }

  absl::Status ParseMetric(Gate::Clause* clause) {
    SkipSpace();
    const size_t start = at_;
    std::string_view word = ConsumeWord();
    if (word.size() >= 2 && word.front() == '`' && word.back() == '`') {
      word = word.substr(1, word.size() - 2);
    }
    if (word.empty()) return Error("expected a metric", start);
    // Candidates' names may contain colons, metrics do not.
    if (const size_t colon = word.rfind(':'); colon != std::string_view::npos) {
      clause->candidate = word.substr(0, colon);
      word.remove_prefix(colon + 1);
      if (clause->candidate.empty()) return Error("expected a candidate before ':'", start);
    }
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
    const std::string word(ConsumeWord());
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
                     "; example: \"quality >= 7.5 AND latency/p90 <= 2\""));
  }

  std::string_view text_;
  size_t at_ = 0;
};

absl::StatusOr<Gate> Gate::Parse(std::string_view text) {
  if (text.size() > kMaxGateBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("gate: has ", text.size(), " bytes; the limit is ", kMaxGateBytes));
  }
  return GateParser(text).Parse();
}

}  // namespace assay::evaluator
