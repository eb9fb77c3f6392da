// The user's own prompts and tasks for an evaluation.
#ifndef ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_
#define ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// Reads a JSONL file of at most 64 MiB. Each line is an object with the strings `id` (unique),
// `content_type` and `prompt`, none of them empty. The strings `system`, `reference` and `cluster`,
// and `constraints`, such as {"max_chars": 280, "must_include": ["Friday"]}, are optional. Other
// keys are ignored and empty lines are skipped. Errors are INVALID_ARGUMENT and begin with
// "file:line: ".
absl::StatusOr<std::vector<v1::EvaluationPrompt>> ReadPromptsFile(const std::string& path);

// Reads a JSONL file of multiple-choice items with the same limits and errors. Each line is an
// object with the strings `id` (unique) and `context` (optional), the list of strings `choices`,
// and `answer`, the index of the right choice.
absl::StatusOr<std::vector<v1::MultipleChoiceItem>> ReadItemsFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_
