// Prompts from JSON lines.
#ifndef ASSAY_EVALUATOR_PLAN_PROMPT_SET_H_
#define ASSAY_EVALUATOR_PLAN_PROMPT_SET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// {"id": "linkedin-1", "content_type": "linkedin", "prompt": "..."} a line; blank lines are
// skipped. Optional are the strings "system", "reference" and "cluster", and "constraints":
// {"max_chars": 280, "must_include": ["Friday"]} (EvaluationPrompt says what they mean); other keys
// are allowed and ignored, but not in "constraints". At most 64 MiB. INVALID_ARGUMENT:
// "prompts.jsonl:3: id: 'x' stands twice (first in line 1)".
absl::StatusOr<std::vector<EvaluationPrompt>> LoadPrompts(const std::string& path);
absl::StatusOr<std::vector<EvaluationPrompt>> ParsePrompts(std::string_view jsonl,
                                                           const std::string& path);

// Our own set, compiled in: 10 prompts (enough for a test within a type) for each of twitter,
// linkedin, technical, business, email and blog.
const std::vector<EvaluationPrompt>& BuiltInPrompts();
inline constexpr std::string_view kBuiltInPromptSetVersion = "3";

// The first `per_type` prompts (0 = all) of each of `content_types` (empty = all), in the set's
// order. INVALID_ARGUMENT names a content type that the set lacks, and what it has.
absl::StatusOr<std::vector<EvaluationPrompt>> SelectPrompts(
    const std::vector<EvaluationPrompt>& all, const std::vector<std::string>& content_types,
    int per_type);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_PROMPT_SET_H_
