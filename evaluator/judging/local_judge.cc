// A judge that is a model of the catalog.
#include "evaluator/judging/local_judge.h"

#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"

namespace assay::evaluator {

std::string LocalJudge::version() const {
  const std::string revision = generator_->RevisionOf(model_);
  return absl::StrCat("local/", model_, revision.empty() ? "" : "@", revision, " rubric ",
                      RubricHash(""));
}

std::string LocalJudge::Request(const JudgeQuestion& question) const {
  return absl::StrCat(version(), "\n", QuestionText(question));
}

absl::StatusOr<JudgeAnswer> LocalJudge::Ask(const JudgeQuestion& question,
                                            const CallContext& context) {
  const LikelihoodJob job = {
      .model = model_, .context = QuestionText(question), .continuations = {" A", " B"}};
  const absl::StatusOr<std::vector<Likelihood>> found = generator_->Likelihoods(job, context);
  if (!found.ok()) return Annotate(found.status(), absl::StrCat("judge ", name_));
  if (found->size() != job.continuations.size()) {
    return absl::InternalError(absl::StrCat("judge ", name_, ": got ", found->size(),
                                            " likelihoods, expected ", job.continuations.size()));
  }
  const double first = (*found)[0].log_likelihood;
  const double second = (*found)[1].log_likelihood;
  if (!std::isfinite(first) || !std::isfinite(second)) {
    return absl::InternalError(
        absl::StrCat("judge ", name_, ": the model gives a letter no finite probability"));
  }
  JudgeAnswer answer;
  if (first > second) answer.choice = Choice::kFirst;
  if (second > first) answer.choice = Choice::kSecond;
  return answer;
}

bool LocalJudge::Wrote(const Candidate& candidate, const Sample& sample) const {
  if (candidate.model == model_) return true;
  return !sample.revision.empty() && sample.revision == generator_->RevisionOf(model_);
}

}  // namespace assay::evaluator
