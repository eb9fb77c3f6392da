// Prompts from JSON lines.
#ifndef ASSAY_EVALUATOR_PROMPT_SET_H_
#define ASSAY_EVALUATOR_PROMPT_SET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/evaluation.h"

namespace assay::evaluator {

// {"id": "linkedin-1", "content_type": "linkedin", "prompt": "..."} a line; blank lines are
// skipped; other keys are allowed and ignored. At most 64 MiB. INVALID_ARGUMENT: "prompts.jsonl:3:
// id: 'x' stands twice (first in line 1)".
absl::StatusOr<std::vector<EvaluationPrompt>> LoadPrompts(const std::string& path);
absl::StatusOr<std::vector<EvaluationPrompt>> ParsePrompts(std::string_view jsonl,
                                                           const std::string& path);

// Our own set, compiled in: 5 prompts for each of twitter, linkedin, technical and business.
const std::vector<EvaluationPrompt>& BuiltInPrompts();
inline constexpr std::string_view kBuiltInPromptSetVersion = "1";

// The first `per_type` prompts (0 = all) of each of `content_types` (empty = all), in the set's
// order. INVALID_ARGUMENT names a content type that the set lacks, and what it has.
absl::StatusOr<std::vector<EvaluationPrompt>> SelectPrompts(
    const std::vector<EvaluationPrompt>& all, const std::vector<std::string>& content_types,
    int per_type);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PROMPT_SET_H_
