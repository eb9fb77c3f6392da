// Prompt sets from JSON Lines files, and the built-in set.
#ifndef ASSAY_EVALUATOR_PLAN_PROMPT_SET_H_
#define ASSAY_EVALUATOR_PLAN_PROMPT_SET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Each line holds one prompt: {"id": "linkedin-1", "content_type": "linkedin", "prompt": "..."}.
// Blank lines are skipped. The strings "system", "reference" and "cluster" are optional, and so is
// "constraints": {"max_chars": 280, "must_include": ["Friday"]}; see EvaluationPrompt for their
// meaning. Unknown keys are ignored, except in "constraints". A file has at most 64 MiB. Returns
// INVALID_ARGUMENT with the place: "prompts.jsonl:3: id: 'x' is duplicated (first in line 1)";
// LoadPrompts() also returns NOT_FOUND, PERMISSION_DENIED or DATA_LOSS (a read error).
absl::StatusOr<std::vector<EvaluationPrompt>> LoadPrompts(const std::string& path);
absl::StatusOr<std::vector<EvaluationPrompt>> ParsePrompts(std::string_view jsonl,
                                                           const std::string& path);

// Returns the built-in set: 10 prompts for each of twitter, linkedin, technical, business, email
// and blog, which is enough for a test within one content type.
const std::vector<EvaluationPrompt>& BuiltInPrompts();
inline constexpr std::string_view kBuiltInPromptSetVersion = "3";

// Returns the first `per_type` prompts (0 = all) of each of `content_types` (empty = all), in the
// order of the set. Returns INVALID_ARGUMENT for a content type that the set lacks, and lists those
// that it has.
absl::StatusOr<std::vector<EvaluationPrompt>> SelectPrompts(
    const std::vector<EvaluationPrompt>& all, const std::vector<std::string>& content_types,
    int per_type);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_PROMPT_SET_H_
