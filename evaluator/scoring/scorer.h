// Scorers: the content quality of a generated text.
#ifndef ASSAY_EVALUATOR_SCORING_SCORER_H_
#define ASSAY_EVALUATOR_SCORING_SCORER_H_

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// The name prefix of parts that are factors. A factor that is absent from a score is 1.
inline constexpr std::string_view kGatePrefix = "gate/";

struct Score {
  // 0 to 10.
  double overall = 0;
  // The score's components by name ("length_bonus", "business_terms").
  std::map<std::string, double> parts;
  // What a part means or why it has its value, in one sentence, by the part's name. Also names
  // parts that could not be judged and are absent. May be empty.
  std::map<std::string, std::string> reasons;
};

// A text and its task. The name of the model that wrote it is never part of the input.
struct ScoreInput {
  std::string_view content_type;
  std::string_view prompt;
  std::string_view text;
  // "end_of_text", "stop_string" or "length".
  std::string_view finish_reason;
  // A reference answer; empty = none.
  std::string_view reference;
  PromptConstraints constraints;
  // Slow scorers poll it for cancellation. Their result after a cancellation is discarded.
  CallContext context;
};

// Rates texts. Implementations are thread-safe.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual std::string_view name() const = 0;
  // Two scores compare only if name and version are equal. The part after '@' (a model's revision)
  // is left out while it is not known yet.
  virtual std::string version() const = 0;
  // Returns an error if no score can be computed, for example because a user's command failed. No
  // text is an error by itself.
  virtual absl::StatusOr<Score> ScoreText(const ScoreInput& input) const = 0;
};

// True if a scorer with version `before` in the past and version `now` today is the same scorer:
// the versions are equal, or `now` has a revision behind '@' that was not known before.
bool IsVersion(std::string_view before, std::string_view now);

// The business terms of the classic scorer. The original system documents three of its terms
// (optimization, strategy, implementation). The rest of its list is unknown, so the terms from
// "efficiency" on are our own. Changing the list changes the scorer's version. As in the original's
// `term in text.lower()`, a term matches anywhere in the lower-cased text, also inside a longer
// word ("roi" matches "heroic", "strategy" does not match "strategies"). Each term counts once.
inline constexpr std::array<std::string_view, 16> kClassicBusinessTerms = {
    "optimization", "strategy",    "implementation", "efficiency",   "roi",     "growth",
    "scalable",     "performance", "innovation",     "productivity", "revenue", "competitive",
    "leverage",     "solution",    "framework",      "analytics"};

// Counts words as Python's str.split() does: runs of characters other than Unicode white space.
int CountWords(std::string_view text);

// The original system's scorer: base 5; +3 for a LinkedIn post of 100 to 300 words (inclusive);
// +0.4 per business term found, at most +2; capped at 10. It is kept unchanged so that old and new
// figures can be compared. The content type must be exactly "linkedin". Parts: "base",
// "length_bonus", "business_terms". Never fails; thread-safe.
class ClassicScorer final : public Scorer {
 public:
  std::string_view name() const override { return "classic"; }
  std::string version() const override { return "1"; }
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;
};

// A set of scorers by name. Thread-safe once every scorer has been added.
class ScorerSet {
 public:
  // Replaces a scorer of the same name.
  void Add(std::unique_ptr<Scorer> scorer);
  // Returns null if there is no scorer of that name.
  const Scorer* Find(std::string_view name) const;
  // In alphabetical order.
  std::vector<std::string> Names() const;

 private:
  std::map<std::string, std::unique_ptr<Scorer>, std::less<>> scorers_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_SCORER_H_
