// Prompts, conversations and tools from files and the command line.
#ifndef ASSAY_CLIENT_INPUT_PROMPT_INPUT_H_
#define ASSAY_CLIENT_INPUT_PROMPT_INPUT_H_

#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "assay/v1/inference.pb.h"

namespace assay::client {

// Returns the text of a file, or of `in` if `path` is "-". INVALID_ARGUMENT with the file's name:
// it cannot be read, or has more than 1 MiB, which no context holds.
absl::StatusOr<std::string> ReadInput(const std::string& path, std::istream& in);

// Reads a conversation from a file (or "-"): a JSON list of messages in the format of the OpenAI
// API, with "role", "content" (a text, null, or a list of parts) and any other keys that the
// model's template reads.
absl::StatusOr<v1::ChatMessages> ReadMessages(const std::string& path, std::istream& in);

// Reads a JSON list of tools from a file (or "-") and returns it as JSON.
absl::StatusOr<std::string> ReadTools(const std::string& path, std::istream& in);

// Returns a JSON object of the settings NAME=VALUE. A value that is not JSON becomes a string.
// Empty if there are no settings.
absl::StatusOr<std::string> TemplateVariables(absl::Span<const std::string> settings);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PROMPT_INPUT_H_
