// Recorded prompts as text.
#ifndef ASSAY_CLIENT_TERMINAL_PROMPT_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_PROMPT_TABLES_H_

#include <string>

#include "assay/v1/prompt_log.pb.h"

namespace assay::client {

// One row per prompt with the beginning of its text, then how many there are and whether the server
// records.
std::string PromptTable(const v1::ListPromptsResponse& reply);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_PROMPT_TABLES_H_
