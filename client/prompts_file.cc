// Reads the JSONL of own prompts.
#include "client/prompts_file.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} * 1024 * 1024;

// The file's bytes; never more than the limit are read, whatever kind of file it is.
absl::StatusOr<std::string> ReadLimited(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be opened"));
  std::string text;
  std::string chunk(size_t{1} << 20, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    text.append(chunk, 0, static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": longer than 64 MiB; split it or take fewer prompts"));
    }
  }
  if (file.bad()) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read"));
  return text;
}

absl::StatusOr<std::string> Field(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" must be a string"));
  }
  std::string value = found->get<std::string>();
  if (value.empty()) return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is empty"));
  return value;
}

absl::StatusOr<v1::EvaluationPrompt> ParseLine(const std::string& line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return absl::InvalidArgumentError("not JSON (one object a line)");
  if (!object.is_object()) return absl::InvalidArgumentError("not a JSON object");
  absl::StatusOr<std::string> id = Field(object, "id");
  if (!id.ok()) return id.status();
  absl::StatusOr<std::string> content_type = Field(object, "content_type");
  if (!content_type.ok()) return content_type.status();
  absl::StatusOr<std::string> text = Field(object, "prompt");
  if (!text.ok()) return text.status();
  v1::EvaluationPrompt prompt;
  prompt.set_id(*std::move(id));
  prompt.set_content_type(*std::move(content_type));
  prompt.set_prompt(*std::move(text));
  return prompt;
}

}  // namespace

absl::StatusOr<std::vector<v1::EvaluationPrompt>> ReadPromptsFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadLimited(path);
  if (!text.ok()) return text.status();
  std::vector<v1::EvaluationPrompt> prompts;
  std::unordered_map<std::string, size_t> line_of_id;
  size_t number = 0;
  for (size_t begin = 0; begin < text->size();) {
    const size_t end = std::min(text->find('\n', begin), text->size());
    const std::string line = text->substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    absl::StatusOr<v1::EvaluationPrompt> prompt = ParseLine(line);
    if (!prompt.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": ", prompt.status().message()));
    }
    const auto [first, inserted] = line_of_id.emplace(prompt->id(), number);
    if (!inserted) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": the id \"", prompt->id(),
                                                     "\" is already on line ", first->second));
    }
    prompts.push_back(*std::move(prompt));
  }
  if (prompts.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no prompts"));
  return prompts;
}

}  // namespace assay::client
