// Finds the sources of a model's chat templates in the model's files.
#include "engine/chat/chat_template_source.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/formats/mapped_file.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;
using Templates = std::vector<NamedTemplate>;

constexpr char kDefault[] = "default";
constexpr char kKey[] = "chat_template";
constexpr char kGgufKey[] = "tokenizer.chat_template";
constexpr char kGgufNames[] = "tokenizer.chat_templates";
constexpr char kMoreTemplates[] = "additional_chat_templates";
constexpr size_t kMaxTemplates = 64;
constexpr size_t kMaxTemplateBytes = 1 << 20;
constexpr int64_t kMaxJsonBytes = 64 << 20;

absl::Status TooMany(const std::string& path) {
  return absl::DataLossError(
      absl::StrCat(path, ": has more than ", kMaxTemplates, " chat templates"));
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > kMaxTemplateBytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": has ", bytes.size(), " bytes; at most ", kMaxTemplateBytes));
  }
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  RETURN_IF_ERROR(Annotate(file->CheckUnchanged(), path));
  return text;
}

absl::StatusOr<Templates> ReadList(const Json& list, const std::string& path) {
  if (list.size() > kMaxTemplates) return TooMany(path);
  Templates templates;
  for (const Json& named : list) {
    const bool complete = named.is_object() && named.value("name", Json()).is_string() &&
                          named.value("template", Json()).is_string();
    if (!complete) {
      return absl::DataLossError(absl::StrCat(path, ": ", kKey, "[", templates.size(), "] is ",
                                              ShortJson(named),
                                              "; it must have a name and a template"));
    }
    templates.push_back({named["name"].get<std::string>(), named["template"].get<std::string>()});
  }
  return templates;
}

// Reads the template or the templates in a JSON file. Returns none if there is no such file.
absl::StatusOr<Templates> ReadJsonTemplates(const std::string& path) {
  const absl::StatusOr<Json> json = ReadJsonFile(path, kMaxJsonBytes);
  if (absl::IsNotFound(json.status())) return Templates();
  if (!json.ok()) return json.status();
  const auto it = json->find(kKey);
  if (it == json->end() || it->is_null()) return Templates();
  if (it->is_string()) return Templates{{kDefault, it->get<std::string>()}};
  if (it->is_array()) return ReadList(*it, path);
  return absl::DataLossError(absl::StrCat(path, ": ", kKey, " is ", ShortJson(*it),
                                          ", neither a template nor a list of templates"));
}

// Reads chat_template.jinja and the files of additional_chat_templates.
absl::StatusOr<Templates> ReadTemplateFiles(const std::filesystem::path& folder) {
  Templates templates;
  absl::StatusOr<std::string> text = ReadText((folder / "chat_template.jinja").string());
  if (text.ok()) templates.push_back({kDefault, *std::move(text)});
  if (!text.ok() && !absl::IsNotFound(text.status())) return text.status();
  // The error of a missing folder ends the loop at once.
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder / kMoreTemplates, error)) {
    if (entry.path().extension() != ".jinja") continue;
    if (templates.size() == kMaxTemplates) return TooMany(folder.string());
    ASSIGN_OR_RETURN(std::string source, ReadText(entry.path().string()));
    templates.push_back({entry.path().stem().string(), std::move(source)});
  }
  return templates;
}

void Sort(Templates* templates) {
  std::stable_sort(templates->begin(), templates->end(),
                   [](const NamedTemplate& a, const NamedTemplate& b) { return a.name < b.name; });
  // The last of several templates with one name is used.
  const auto kept =
      std::unique(templates->rbegin(), templates->rend(),
                  [](const NamedTemplate& a, const NamedTemplate& b) { return a.name == b.name; });
  templates->erase(templates->begin(), kept.base());
}

}  // namespace

absl::StatusOr<Templates> ReadGgufChatTemplates(const GgufFile& file) {
  Templates templates;
  if (file.HasKey(kGgufKey)) {
    ASSIGN_OR_RETURN(std::string source, file.GetString(kGgufKey));
    templates.push_back({kDefault, std::move(source)});
  }
  if (!file.HasKey(kGgufNames)) return templates;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, file.GetStrings(kGgufNames));
  if (names.size() > kMaxTemplates) return TooMany(file.path());
  for (const std::string& name : names) {
    const std::string key = absl::StrCat(kGgufKey, ".", name);
    // llama.cpp's converter lists the default too, which has no key of its own.
    if (!file.HasKey(key)) continue;
    ASSIGN_OR_RETURN(std::string source, file.GetString(key));
    templates.push_back({name, std::move(source)});
  }
  Sort(&templates);
  return templates;
}

absl::StatusOr<Templates> ReadFolderChatTemplates(const std::string& folder) {
  const std::filesystem::path root(folder);
  ASSIGN_OR_RETURN(Templates templates, ReadTemplateFiles(root));
  for (const char* name : {"chat_template.json", "tokenizer_config.json"}) {
    if (!templates.empty()) break;
    ASSIGN_OR_RETURN(templates, ReadJsonTemplates((root / name).string()));
  }
  Sort(&templates);
  return templates;
}

}  // namespace assay::engine
