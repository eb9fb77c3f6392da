// Reads JSONL files line by line.
#include "client/input/jsonl_file.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"

namespace assay::client {

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

absl::Status ReadJsonl(const std::string& path,
                       const std::function<absl::Status(const nlohmann::json&, size_t)>& read) {
  ASSIGN_OR_RETURN(std::string text, ReadLimited(path));
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    absl::Status status = absl::OkStatus();
    if (object.is_discarded()) {
      status = absl::InvalidArgumentError("not JSON; each line must be one object");
    } else if (!object.is_object()) {
      status = absl::InvalidArgumentError("not a JSON object");
    } else {
      status = read(object, number);
    }
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> StringField(const nlohmann::json& object, const char* name,
                                        bool required) {
  const auto found = object.find(name);
  if (found == object.end() && !required) return std::string();
  if (found == object.end() || !found->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" must be a string"));
  }
  std::string value = found->get<std::string>();
  if (required && value.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is empty"));
  }
  return value;
}

}  // namespace assay::client
