// Content quality of a generated text.
#ifndef ASSAY_EVALUATOR_SCORER_H_
#define ASSAY_EVALUATOR_SCORER_H_

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

// The original system's scorer: base 5; +3 for a LinkedIn post of 100 to 300 words; +0.4 for each business term found,
// at most +2; capped at 10. Kept as it was, so that old and new figures compare.
class ClassicScorer final : public Scorer {
 public:
  std::string_view name() const override { return "classic"; }
  std::string_view version() const override { return "1"; }
  Score ScoreText(std::string_view content_type, std::string_view text) const override;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORER_H_
