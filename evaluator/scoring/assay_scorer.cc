// Implementation of the assay scorer: the weighted sum of dimensions, multiplied by the gates.
#include "evaluator/scoring/assay_scorer.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/hashing.h"
#include "base/status_macros.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/scoring/dimensions.h"
#include "evaluator/scoring/quality_gates.h"
#include "evaluator/scoring/text_analysis.h"
#include "evaluator/scoring/word_lists.h"
#include "evaluator/sense/language.h"

namespace assay::evaluator {
namespace {

constexpr double kMaxScore = 10;
// Longer texts are cut.
constexpr size_t kMaxBytes = size_t{1} << 20;

constexpr std::string_view kVersion = "4";
constexpr std::string_view kFormOnly = "form";
constexpr std::string_view kUnread = "unread";
constexpr std::string_view kDefaultProfile = "default";
constexpr size_t kHashDigits = 8;

Stems TermsOf(const ContentTypeProfile& profile) {
  std::vector<std::string> words = profile.vocabulary;
  for (const std::string_view phrase : AuthorityPhrases()) {
    if (!absl::StrContains(std::string(phrase), ' ')) words.emplace_back(phrase);
  }
  Stems stems;
  AddStems(words, &stems);
  return stems;
}

// Returns a text with every property that a score depends on.
std::string Fingerprint(const ContentTypeProfile& profile) {
  std::string text =
      absl::StrCat(profile.name, " ", static_cast<int>(profile.unit), " ", profile.length.low, " ",
                   profile.length.high, " ", profile.platform_limit, " ");
  absl::StrAppend(&text, profile.grade.low, " ", profile.grade.high, " ", profile.max_hashtags, " ",
                  profile.expects_at_least, "\n");
  for (const Element element : profile.expects) {
    absl::StrAppend(&text, static_cast<int>(element), " ");
  }
  for (const double weight : profile.weights) absl::StrAppend(&text, "\n", weight);
  for (const std::string& term : profile.vocabulary) {
    absl::StrAppend(&text, "\n", term.size(), ":", term);
  }
  return text;
}

std::string VersionWith(const std::vector<ContentTypeProfile>& own) {
  if (own.empty()) return std::string(kVersion);
  std::vector<std::string> texts;
  texts.reserve(own.size());
  for (const ContentTypeProfile& profile : own) texts.push_back(Fingerprint(profile));
  // Makes the version independent of the order in the configuration.
  std::sort(texts.begin(), texts.end());
  return absl::StrCat(std::string(kVersion), "+",
                      Sha256Hex(absl::StrJoin(texts, "\n\n")).substr(0, kHashDigits));
}

// Adds the dimensions to the score. The English-only ones are left out for texts in other
// languages.
void AddDimensions(const ParsedText& text, Score* score) {
  const Weights values = ComputeDimensions(text);
  const bool english = text.language.empty() || text.language == kEnglishCode;
  double weights = 0;
  double sum = 0;
  for (size_t i = 0; i < kDimensions; ++i) {
    const std::string name(kDimensionNames[i]);
    if (!english && IsEnglishOnly(static_cast<Dimension>(i))) {
      score->reasons[name] = "its rules are English and do not apply to this text";
      continue;
    }
    weights += text.profile.weights[i];
    sum += text.profile.weights[i] * values[i];
    score->parts[name] = values[i];
    score->reasons[name] = absl::StrCat("1 if ", std::string(kDimensionMeanings[i]));
  }
  score->overall = weights > 0 ? kMaxScore * sum / weights : 0;
}

void ApplyGate(std::string_view name, double factor, std::string reason, Score* score) {
  score->overall *= factor;
  const std::string part = absl::StrCat(std::string(kGatePrefix), std::string(name));
  if (factor < 1) {
    score->parts[part] = factor;
    score->reasons[part] = std::move(reason);
  }
}

}  // namespace

AssayScorer::AssayScorer(std::vector<ContentTypeProfile> own, SenseReader* reader)
    : rules_version_(VersionWith(own)), reader_(reader) {
  // Lookup finds the first profile of a name, so own profiles come before the built-in ones.
  const std::vector<ContentTypeProfile>& built_in = BuiltInProfiles();
  own.insert(own.end(), built_in.begin(), built_in.end());
  entries_.reserve(own.size());
  for (ContentTypeProfile& profile : own) {
    NormalizeWeights(&profile.weights);
    Stems terms = TermsOf(profile);
    entries_.push_back({.profile = std::move(profile), .terms = std::move(terms)});
  }
}

std::string AssayScorer::version() const {
  return absl::StrCat(rules_version_, "/",
                      reader_ == nullptr ? std::string(kFormOnly) : reader_->Version());
}

bool IsFormOnly(std::string_view version) {
  return version.ends_with(absl::StrCat("/", std::string(kFormOnly)));
}

std::vector<std::string> ReadersOf(std::string_view version) {
  const size_t slash = version.find('/');
  if (slash == std::string_view::npos || IsFormOnly(version)) return {};
  const std::string_view ids = version.substr(slash + 1, version.find('@') - slash - 1);
  return absl::StrSplit(std::string(ids), '+');
}

const AssayScorer::Entry& AssayScorer::EntryFor(std::string_view content_type) const {
  for (const std::string_view name : {content_type, kDefaultProfile}) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [name](const Entry& entry) {
      return entry.profile.name == name;
    });
    if (found != entries_.end()) return *found;
  }
  return entries_.back();
}

absl::StatusOr<Score> AssayScorer::ScoreText(const ScoreInput& input) const {
  const Entry& entry = EntryFor(input.content_type);
  const std::string clean = NormalizeText(input.text.substr(0, kMaxBytes));
  Score score;
  if (clean.empty()) {
    for (const std::string_view name : kDimensionNames) score.parts[std::string(name)] = 0;
    return score;
  }
  const Deduplicated unique = RemoveCopies(clean);
  const ParsedPrompt prompt = ParsePrompt(input.prompt, entry.terms);
  const TextAnalysis analysis =
      AnalyzeText(unique.text, {.terms = entry.terms, .prompt = prompt.content_stems});
  const ParsedText text{.profile = entry.profile,
                        .prompt = prompt,
                        .language = DetectLanguage(unique.text).code,
                        .clean = unique.text,
                        .analysis = analysis};
  AddDimensions(text, &score);
  for (const QualityGate& gate :
       ComputeQualityGates(text, unique.copies, input.finish_reason, input.constraints)) {
    ApplyGate(gate.name, gate.factor, std::string(gate.meaning), &score);
  }
  SenseFactor facts = JudgeFacts(input.prompt, unique.text);
  ApplyGate(facts.name, facts.value.value_or(1), std::move(facts.reason), &score);
  if (reader_ != nullptr) RETURN_IF_ERROR(ReadSense(input, text, &score));
  score.overall = std::clamp(score.overall, 0.0, kMaxScore);
  return score;
}

absl::Status AssayScorer::ReadSense(const ScoreInput& input, const ParsedText& text,
                                    Score* score) const {
  // A text without function words has no language of its own; it is read in the prompt's.
  const std::string_view language = text.language.empty() ? text.prompt.language : text.language;
  ASSIGN_OR_RETURN(std::vector<SenseFactor> factors,
                   reader_->Judge(input.prompt, text.clean, language, input.context));
  for (SenseFactor& factor : factors) {
    if (factor.value.has_value()) {
      ApplyGate(factor.name, *factor.value, std::move(factor.reason), score);
    } else {
      score->parts[std::string(kUnread)] = 1;
      score->reasons[absl::StrCat(std::string(kGatePrefix), std::string(factor.name))] =
          std::move(factor.reason);
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::evaluator
