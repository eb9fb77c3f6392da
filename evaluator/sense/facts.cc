// Implementation of the fact check.
#include "evaluator/sense/facts.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "evaluator/sense/fact_words.h"
#include "evaluator/sense/language.h"
#include "evaluator/sense/polarity.h"

namespace assay::evaluator {
namespace {

// A value with the words that a person reads.
struct Fact {
  double value = 0;
  std::string words;
  bool operator<(const Fact& other) const { return value < other.value; }
};

using FactSet = std::set<Fact>;

// Facts by kind: "month", "date", "weekday", "frequency", or the stem of a unit after "unit ".
struct Facts {
  std::map<std::string, FactSet> by_kind;
  // Numbers with units of time: (value, unit).
  std::set<std::pair<double, std::string_view>> times;
};

constexpr double kLastDate = 31;
constexpr size_t kMaxQuoteBytes = 80;

std::string NumberText(double value) { return absl::StrCat(value); }

class FactReader {
 public:
  explicit FactReader(std::string_view text) : words_(PlainWords(text)) {}

  Facts Read() {
    for (size_t i = 0; i < words_.size(); ++i) {
      ReadDate(i);
      ReadFrequency(i);
      ReadNumber(i);
    }
    return std::move(facts_);
  }

 private:
  std::string_view At(size_t i) const {
    return i < words_.size() ? std::string_view(words_[i]) : std::string_view();
  }

  void Add(const std::string& kind, double value, std::string words) {
    facts_.by_kind[kind].insert({.value = value, .words = std::move(words)});
  }

  void ReadDate(size_t i) {
    if (const int weekday = WeekdayOf(At(i)); weekday != 0) Add("weekday", weekday, words_[i]);
    const int month = MonthOf(At(i));
    if (month == 0) return;
    Add("month", month, words_[i]);
    // "3 March", or else "March 3".
    for (const size_t neighbor : {i - 1, i + 1}) {
      const std::optional<double> date = NumberValue(At(neighbor));
      if (!date.has_value() || *date > kLastDate) continue;
      Add("date", *date, absl::StrCat(NumberText(*date), " ", words_[i]));
      return;
    }
  }

  void ReadFrequency(size_t i) {
    std::string_view frequency = FrequencyOf(At(i));
    if (IsEvery(At(i))) frequency = WeekdayOf(At(i + 1)) != 0 ? "week" : TimeUnitOf(At(i + 1));
    if (frequency.empty()) return;
    // Frequencies have no order; the first letters tell them apart.
    Add("frequency", static_cast<double>(frequency.front()),
        absl::StrCat("every ", std::string(frequency)));
  }

  void ReadNumber(size_t i) {
    const std::optional<double> value = NumberValue(At(i));
    const std::string unit(At(i + 1));
    if (!value.has_value() || unit.empty() || NumberValue(unit).has_value()) return;
    if (IsNoUnit(unit) || IsWritingUnit(unit) || MonthOf(unit) != 0) return;
    if (const std::string_view time = TimeUnitOf(unit); !time.empty()) {
      facts_.times.insert({*value, time});
      return;
    }
    Add(absl::StrCat("unit ", SingularStem(unit)), *value,
        absl::StrCat(NumberText(*value), " ", unit));
  }

  std::vector<std::string> words_;
  Facts facts_;
};

std::string WordsOf(const FactSet& facts) {
  std::string words;
  for (const Fact& fact : facts) absl::StrAppend(&words, words.empty() ? "" : ", ", fact.words);
  return words;
}

std::string TimeWords(const std::pair<double, std::string_view>& time) {
  return absl::StrCat(NumberText(time.first), " ", std::string(time.second),
                      time.first == 1 ? "" : "s");
}

void CheckKinds(const Facts& prompt, const Facts& text, FactCheck* check) {
  for (const auto& [kind, given] : prompt.by_kind) {
    ++check->given;
    const auto found = text.by_kind.find(kind);
    if (found == text.by_kind.end()) continue;
    const bool kept = std::any_of(given.begin(), given.end(), [&found](const Fact& fact) {
      return found->second.contains(fact);
    });
    if (kept) {
      ++check->kept;
    } else {
      check->changed.push_back(
          absl::StrCat("the prompt has ", WordsOf(given), ", the text ", WordsOf(found->second)));
    }
  }
}

void CheckTimes(const Facts& prompt, const Facts& text, FactCheck* check) {
  for (const auto& given : prompt.times) {
    ++check->given;
    if (text.times.contains(given)) {
      ++check->kept;
      continue;
    }
    const auto changed =
        std::find_if(text.times.begin(), text.times.end(), [&](const auto& candidate) {
          // A time that the prompt also has is not a change of this one.
          return !prompt.times.contains(candidate) &&
                 (candidate.first == given.first || candidate.second == given.second);
        });
    if (changed == text.times.end()) continue;
    check->changed.push_back(
        absl::StrCat("the prompt has ", TimeWords(given), ", the text ", TimeWords(*changed)));
  }
}

std::string Quote(std::string_view clause) {
  const std::string_view shown = Utf8Prefix(clause, kMaxQuoteBytes);
  return absl::StrCat("\"", std::string(shown), shown.size() < clause.size() ? "..." : "", "\"");
}

void CheckStatements(std::string_view prompt, std::string_view text, FactCheck* check) {
  for (const InvertedStatement& statement : FindInvertedStatements(prompt, text)) {
    ++check->given;
    check->changed.push_back(absl::StrCat("the prompt says ", Quote(statement.prompt),
                                          ", the text ", Quote(statement.text)));
  }
}

}  // namespace

FactCheck CheckFacts(std::string_view prompt, std::string_view text) {
  const Facts given = FactReader(prompt).Read();
  const Facts found = FactReader(text).Read();
  FactCheck check;
  CheckKinds(given, found, &check);
  CheckTimes(given, found, &check);
  CheckStatements(prompt, text, &check);
  return check;
}

}  // namespace assay::evaluator
