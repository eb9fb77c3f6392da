// A judge that is a model of the catalog.
#ifndef ASSAY_EVALUATOR_JUDGING_LOCAL_JUDGE_H_
#define ASSAY_EVALUATOR_JUDGING_LOCAL_JUDGE_H_

#include <string>
#include <utility>

#include "evaluator/judging/judge.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Prefers the text whose letter, " A" or " B", is the more likely continuation of the question, so
// that no generated text has to be parsed. Equal likelihoods are no preference. A question costs
// one prefill of the prompt and both texts, and no money. Errors are the generator's, and INTERNAL
// if a likelihood is not finite.
class LocalJudge final : public Judge {
 public:
  // `generator` must outlive the judge. `model` is a catalog id.
  LocalJudge(TextGenerator* generator, std::string name, std::string model)
      : generator_(generator), name_(std::move(name)), model_(std::move(model)) {}

  const std::string& name() const override { return name_; }
  std::string version() const override;
  std::string Request(const JudgeQuestion& question) const override;
  absl::StatusOr<JudgeAnswer> Ask(const JudgeQuestion& question,
                                  const CallContext& context) override;
  bool Wrote(const Candidate& candidate, const Sample& sample) const override;

 private:
  TextGenerator* const generator_;
  const std::string name_;
  const std::string model_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_JUDGING_LOCAL_JUDGE_H_
