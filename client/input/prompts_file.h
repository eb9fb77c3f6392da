// A person's own prompts and tasks for an evaluation.
#ifndef ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_
#define ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// Reads JSONL: on each line an object with the strings `id` (unique), `content_type` and `prompt`,
// none empty; optional are the strings `system`, `reference` and `cluster`, and `constraints`:
// {"max_chars": 280, "must_include": ["Friday"]}. Other keys are ignored; empty lines are skipped.
// At most 64 MiB. Errors are INVALID_ARGUMENT and begin with "file:line: ".
absl::StatusOr<std::vector<v1::EvaluationPrompt>> ReadPromptsFile(const std::string& path);

// Reads JSONL: on each line an object with the strings `id` (unique) and `context`, the list of
// strings `choices`, and `answer`, the index of the right one. Likewise.
absl::StatusOr<std::vector<v1::MultipleChoiceItem>> ReadItemsFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_
