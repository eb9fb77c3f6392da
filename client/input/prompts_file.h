// The user's own prompts and tasks for an evaluation.
#ifndef ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_
#define ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "client/input/prompt_columns.h"
#include "client/input/table_file.h"

namespace assay::client {

// What to read of a file or data set with prompts.
struct PromptsOptions {
  PromptColumns columns;
  RowChoice choice;
  // The content type of rows without one. Empty: they are an error.
  std::string content_type;
};

struct PromptSet {
  std::vector<v1::EvaluationPrompt> prompts;
  // Where they come from, at most 256 bytes: the name of the file or data set, and how many rows
  // were chosen; or the `source` that every line of a JSONL file states.
  std::string source;
};

// Reads prompts from a file or, if `source` is "hf:...", from a data set in the local caches
// (client/input/hub_dataset.h). A file is a table by its extension (client/input/table_file.h),
// otherwise JSONL of at most 64 MiB.
//
// Each line of a JSONL file is an object with the strings `id` (unique), `content_type` and
// `prompt`, none of them empty. The strings `system`, `reference`, `cluster` and `source`, and
// `constraints`, such as {"max_chars": 280, "must_include": ["Friday"]}, are optional. Other keys
// are ignored and empty lines are skipped. The columns of a table have the same names, unless
// `options` names others. Rows of tables and data sets without an id are "row-1", "row-2", ....
//
// Errors are INVALID_ARGUMENT and begin with "file:line: " or "file: row 3: ".
absl::StatusOr<PromptSet> ReadPrompts(const std::string& source, const PromptsOptions& options);

// Reads a JSONL file of multiple-choice items with the same limits and errors. Each line is an
// object with the strings `id` (unique) and `context` (optional), the list of strings `choices`,
// and `answer`, the index of the right choice.
absl::StatusOr<std::vector<v1::MultipleChoiceItem>> ReadItemsFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PROMPTS_FILE_H_
