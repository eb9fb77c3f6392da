// The interface of judges of pairs of texts.
#ifndef ASSAY_EVALUATOR_JUDGING_JUDGE_H_
#define ASSAY_EVALUATOR_JUDGING_JUDGE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/judgment.h"

namespace assay::evaluator {

// Two texts for one prompt, in the order in which they are shown. The views must outlive the call.
struct JudgeQuestion {
  std::string_view content_type;
  std::string_view prompt;
  std::string_view first;
  std::string_view second;
};

// Returns the question as text, with the texts labeled A and B. It does not show which models wrote
// the texts. Each part is cut after 6000 bytes, so that it fits the context of small judges.
std::string QuestionText(const JudgeQuestion& question);

// Returns the first 12 hex digits of the SHA-256 of everything that a judge gets besides the
// texts: `instructions`, which come before the question, and the fixed text of the question.
std::string RubricHash(std::string_view instructions);

// Decides which of two texts is better. Not thread-safe: each job has its own judges.
class Judge {
 public:
  virtual ~Judge() = default;

  // The name in settings and results.
  virtual const std::string& name() const = 0;
  // Identifies what answers, and to what: the model and its revision, or the endpoint and its
  // model, and the RubricHash(). Answers of different versions are not mixed.
  virtual std::string version() const = 0;

  // Returns the text that identifies the question with everything that determines the answer. It
  // contains no key.
  virtual std::string Request(const JudgeQuestion& question) const = 0;
  // Asks one question. Blocks, and polls `context`. Messages of errors contain no key.
  virtual absl::StatusOr<JudgeAnswer> Ask(const JudgeQuestion& question,
                                          const CallContext& context) = 0;

  // True if the judge is the model that wrote the sample, as far as it can be known: the same id,
  // or the same revision.
  virtual bool Wrote(const Candidate& candidate, const Sample& sample) const = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_JUDGING_JUDGE_H_
