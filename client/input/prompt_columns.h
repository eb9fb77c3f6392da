// Rows of data sets as prompts.
#ifndef ASSAY_CLIENT_INPUT_PROMPT_COLUMNS_H_
#define ASSAY_CLIENT_INPUT_PROMPT_COLUMNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::client {

// The columns (keys, in JSONL) that hold the parts of a prompt. Empty: the column of the part's own
// name, if there is one; for the prompt else the conversation in `messages` or `conversations`.
struct PromptColumns {
  std::string id;
  std::string content_type;
  std::string prompt;
  std::string system;
  std::string reference;
  std::string cluster;

  // True if no column is named.
  bool empty() const {
    return id.empty() && content_type.empty() && prompt.empty() && system.empty() &&
           reference.empty() && cluster.empty();
  }
};

// One part of a prompt and the column that holds it.
struct PromptPart {
  // The key of prompts_file.h, such as "prompt".
  std::string part;
  std::string column;
};

// Returns the parts that a table with columns of these names has. INVALID_ARGUMENT with the columns
// of the table: it lacks a named column, or has none for the prompt.
absl::StatusOr<std::vector<PromptPart>> FindParts(const PromptColumns& columns,
                                                  const std::vector<std::string>& names);

// Returns the object of a prompts file for the values of one row. Nulls are left out, except that
// the prompt must not be null. Numbers become ids. A conversation must begin with at most one
// system message and a text of the user, which become `system` and `prompt`; what follows is
// ignored. INVALID_ARGUMENT: `column "name" ...`.
absl::StatusOr<nlohmann::json> PromptObject(const std::vector<PromptPart>& parts,
                                            const nlohmann::json& values);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PROMPT_COLUMNS_H_
