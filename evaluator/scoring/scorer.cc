// Implementation of the classic scorer and the set of scorers.
#include "evaluator/scoring/scorer.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace assay::evaluator {
namespace {

constexpr double kBase = 5.0;
constexpr double kLinkedInLengthBonus = 3.0;
constexpr int kLinkedInMinWords = 100;
constexpr int kLinkedInMaxWords = 300;
constexpr double kPerTerm = 0.4;
constexpr double kTermsCap = 2.0;
constexpr double kMaxScore = 10.0;
constexpr char kFileSeparator = 0x1c;
constexpr char kUnitSeparator = 0x1f;

// Unicode white space beyond ASCII that separates words for Python's str.split(), as UTF-8.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
    "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
    "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

// Returns the number of bytes of the white space character at the start of `text`; 0 if none.
size_t SpaceLength(std::string_view text) {
  const char first = text.front();
  if (absl::ascii_isspace(first) || (first >= kFileSeparator && first <= kUnitSeparator)) return 1;
  if (absl::ascii_isascii(first)) return 0;
  for (std::string_view space : kWideSpaces) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

}  // namespace

int CountWords(std::string_view text) {
  int words = 0;
  bool in_word = false;
  while (!text.empty()) {
    const size_t space = SpaceLength(text);
    if (space == 0 && !in_word) ++words;
    in_word = space == 0;
    text.remove_prefix(std::max<size_t>(space, 1));
  }
  return words;
}

absl::StatusOr<Score> ClassicScorer::ScoreText(const ScoreInput& input) const {
  const int words = CountWords(input.text);
  const bool fits =
      input.content_type == "linkedin" && words >= kLinkedInMinWords && words <= kLinkedInMaxWords;
  const std::string lower = absl::AsciiStrToLower(std::string(input.text));
  const auto found = std::count_if(
      kClassicBusinessTerms.begin(), kClassicBusinessTerms.end(),
      [&lower](std::string_view term) { return lower.find(term) != std::string::npos; });

  Score score;
  score.parts["base"] = kBase;
  score.parts["length_bonus"] = fits ? kLinkedInLengthBonus : 0.0;
  score.parts["business_terms"] = std::min(kTermsCap, kPerTerm * static_cast<double>(found));
  for (const auto& [name, points] : score.parts) score.overall += points;
  score.overall = std::min(kMaxScore, score.overall);
  return score;
}

void ScorerSet::Add(std::unique_ptr<Scorer> scorer) {
  std::string name(scorer->name());
  scorers_.insert_or_assign(std::move(name), std::move(scorer));
}

bool IsVersion(std::string_view before, std::string_view now) {
  return now == before || (now.starts_with(before) && now.substr(before.size()).starts_with('@'));
}

const Scorer* ScorerSet::Find(std::string_view name) const {
  const auto found = scorers_.find(name);
  return found == scorers_.end() ? nullptr : found->second.get();
}

std::vector<std::string> ScorerSet::Names() const {
  std::vector<std::string> names;
  names.reserve(scorers_.size());
  for (const auto& [name, scorer] : scorers_) names.push_back(name);
  return names;
}

}  // namespace assay::evaluator
