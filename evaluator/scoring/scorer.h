// Content quality of a generated text.
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

// Of parts that are factors: one that a score does not have is 1.
inline constexpr std::string_view kGatePrefix = "gate/";

struct Score {
  // 0 to 10.
  double overall = 0;
  // What it is made of, by name ("length_bonus", "business_terms").
  std::map<std::string, double> parts;
};

// A text and what was asked for; never which model wrote it.
struct ScoreInput {
  std::string_view content_type;
  std::string_view prompt;
  std::string_view text;
  // "end_of_text", "stop_string" or "length".
  std::string_view finish_reason;
  // Empty = none.
  std::string_view reference;
  PromptConstraints constraints;
  // Polled by scorers that take long. What they return after a cancellation is dropped.
  CallContext context;
};

// Thread-safe.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual std::string_view name() const = 0;
  // Where a part of it is not known yet, without what follows its '@'.
  virtual std::string version() const = 0;
  // An error where no score can be given (a user's command fails); the text itself never is one.
  virtual absl::StatusOr<Score> ScoreText(const ScoreInput& input) const = 0;
};

// Whether a scorer that was of version `before` and is of version `now` is still the same.
bool IsVersion(std::string_view before, std::string_view now);

// Business terms of the classic scorer. The original names three of its terms (optimization,
// strategy, implementation); the rest of its list is not known to us, so from "efficiency" on the
// list is ours. Changing it changes the scorer's version. Rule, as in the original's `term in
// text.lower()`: a term is found if it stands anywhere in the lower-cased text, inside a longer
// word too ("strategy" not in "strategies", "roi" in "heroic"); each term counts once.
inline constexpr std::array<std::string_view, 16> kClassicBusinessTerms = {
    "optimization", "strategy",    "implementation", "efficiency",   "roi",     "growth",
    "scalable",     "performance", "innovation",     "productivity", "revenue", "competitive",
    "leverage",     "solution",    "framework",      "analytics"};

// Words as Python's str.split() counts them: runs of anything but Unicode white space.
int CountWords(std::string_view text);

// The original system's scorer: base 5; +3 for a LinkedIn post of 100 to 300 words; +0.4 for each
// business term found, at most +2; capped at 10. Kept as it was, so that old and new figures
// compare. The content type is compared as it stands ("linkedin"); 100 and 300 words still earn the
// bonus. Parts: "base", "length_bonus", "business_terms".
class ClassicScorer final : public Scorer {
 public:
  std::string_view name() const override { return "classic"; }
  std::string version() const override { return "1"; }
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;
};

// Scorers by name.
class ScorerSet {
 public:
  // Replaces one of the same name.
  void Add(std::unique_ptr<Scorer> scorer);
  // Null if there is none.
  const Scorer* Find(std::string_view name) const;
  std::vector<std::string> Names() const;

 private:
  std::map<std::string, std::unique_ptr<Scorer>, std::less<>> scorers_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_SCORER_H_
