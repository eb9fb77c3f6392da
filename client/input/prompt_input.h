// What a prompt is made of, from files and the command line.
#ifndef ASSAY_CLIENT_INPUT_PROMPT_INPUT_H_
#define ASSAY_CLIENT_INPUT_PROMPT_INPUT_H_

#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "assay/v1/inference.pb.h"

namespace assay::client {

// The text of a file, or of `in` where `path` is "-". INVALID_ARGUMENT, which names the file: it
// cannot be read or has more than 1 MiB, more than any context holds.
absl::StatusOr<std::string> ReadInput(const std::string& path, std::istream& in);

// A conversation from a file (or "-") with a JSON list of messages as the OpenAI API has them:
// "role", "content" (a text, null, or a list of parts), and what else the model's template reads.
absl::StatusOr<v1::ChatMessages> ReadMessages(const std::string& path, std::istream& in);

// A JSON list of tools from a file (or "-").
absl::StatusOr<std::string> ReadTools(const std::string& path, std::istream& in);

// A JSON object of settings NAME=VALUE; the value is JSON, or a text where it is none. Empty for no
// settings.
absl::StatusOr<std::string> TemplateVariables(absl::Span<const std::string> settings);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PROMPT_INPUT_H_
