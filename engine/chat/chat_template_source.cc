// Finds the source of a model's chat template in the model's files.
#include "engine/chat/chat_template_source.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/formats/mapped_file.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr char kKey[] = "chat_template";
constexpr size_t kMaxTemplateBytes = 1 << 20;
constexpr int64_t kMaxJsonBytes = 64 << 20;

absl::StatusOr<std::string> ReadText(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > kMaxTemplateBytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": has ", bytes.size(), " bytes; at most ", kMaxTemplateBytes));
  }
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Reads a template, or a list of named templates.
absl::StatusOr<std::string> ReadJsonTemplate(const std::string& path) {
  ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path, kMaxJsonBytes));
  const auto it = json.find(kKey);
  if (it == json.end() || it->is_null()) {
    return absl::NotFoundError(absl::StrCat(path, ": has no ", kKey));
  }
  if (it->is_string()) return it->get<std::string>();
  if (it->is_array()) {
    for (const Json& named : *it) {
      if (named.is_object() && named.value("name", Json()) == "default" &&
          named.value("template", Json()).is_string()) {
        return named["template"].get<std::string>();
      }
    }
  }
  return absl::DataLossError(absl::StrCat(
      path, ": ", kKey, " is neither a template nor a list with a template named default"));
}

}  // namespace

absl::StatusOr<std::string> ReadGgufChatTemplate(const GgufFile& file) {
  return file.GetString("tokenizer.chat_template");
}

absl::StatusOr<std::string> ReadFolderChatTemplate(const std::string& folder) {
  const std::filesystem::path root(folder);
  absl::StatusOr<std::string> text = ReadText((root / "chat_template.jinja").string());
  if (!absl::IsNotFound(text.status())) return text;
  text = ReadJsonTemplate((root / "chat_template.json").string());
  if (!absl::IsNotFound(text.status())) return text;
  return ReadJsonTemplate((root / "tokenizer_config.json").string());
}

}  // namespace assay::engine
