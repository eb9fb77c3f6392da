// Content quality of a generated text.
#ifndef ASSAY_EVALUATOR_SCORER_H_
#define ASSAY_EVALUATOR_SCORER_H_

#include <array>
#include <map>
#include <string>
#include <string_view>

namespace assay::evaluator {

struct Score {
  // 0 to 10.
  double overall = 0;
  // What it is made of, by name ("length_bonus", "business_terms").
  std::map<std::string, double> parts;
};

// Pure and thread-safe. Never sees which model wrote the text.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view version() const = 0;
  virtual Score ScoreText(std::string_view content_type, std::string_view text) const = 0;
};

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
  std::string_view version() const override { return "1"; }
  Score ScoreText(std::string_view content_type, std::string_view text) const override;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORER_H_
