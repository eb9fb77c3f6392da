// The folder of models next to models.yaml.
#include "registry/catalog/models_folder.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/gguf_parts.h"
#include "base/status_macros.h"
#include "base/yaml/reader.h"
#include "registry/catalog/source.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 1000;

absl::Status InvalidFile(const fs::path& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(path.string(), ": ", what));
}

absl::StatusOr<std::vector<fs::path>> ListFolder(const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  if (error || !fs::is_directory(real, error)) {
    return absl::NotFoundError(absl::StrCat("models_dir: no folder at ", folder.string(),
                                            "; create it, or remove the key"));
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator it(real, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    if (files.size() == kMaxFiles) {
      return InvalidFile(folder,
                         absl::StrCat("has more than ", kMaxFiles, " files; use several catalogs"));
    }
    files.push_back(it->path());
  }
  if (error) return InvalidFile(folder, absl::StrCat("cannot be read: ", error.message()));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const fs::path target = fs::canonical(file, error);
    if (error) return InvalidFile(file, absl::StrCat("cannot be followed: ", error.message()));
    if (target.parent_path() != real) {
      return InvalidFile(file, absl::StrCat("points out of the folder, to ", target.string(),
                                            "; copy it here, or add an entry to models.yaml"));
    }
  }
  return files;
}

// Accepts regular files only, because reading a pipe would block.
bool IsModelList(const fs::path& file) {
  std::error_code error;
  return (file.extension() == ".yaml" || file.extension() == ".yml") &&
         fs::is_regular_file(file, error);
}

bool HasSafetensors(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".safetensors") return true;
  }
  return false;
}

bool IsModel(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error)) {
    return fs::exists(file / "config.json", error) && HasSafetensors(file);
  }
  return file.extension() == ".gguf" && fs::is_regular_file(file, error) &&
         !IsLaterGgufPart(file.filename().string());
}

std::string IdFromName(const fs::path& file) {
  std::error_code error;
  const fs::path name = fs::is_directory(file, error) ? file.filename() : file.stem();
  std::string id = absl::AsciiStrToLower(name.string());
  std::replace_if(
      id.begin(), id.end(),
      [](char c) { return !absl::ascii_isalnum(c) && c != '.' && c != '_' && c != '-'; }, '-');
  id.erase(0, std::min(id.find_first_not_of("._-"), id.size()));
  return id.substr(0, kMaxIdLength);
}

// Returns the files and folders that entries name, with links resolved. If an entry names one part
// of a split model, all its parts are included.
std::set<fs::path> NamedPaths(const Catalog& catalog) {
  std::set<fs::path> paths;
  std::error_code error;
  for (const ModelEntry& entry : catalog.models) {
    if (entry.path.empty()) continue;
    const fs::path path = fs::weakly_canonical(entry.path, error);
    for (const std::string& part : GgufParts(path.filename().string())) {
      paths.insert(path.parent_path() / part);
    }
  }
  return paths;
}

absl::Status AddList(const fs::path& file, FixedRoutes* routes, Catalog* catalog) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Load(file.string()));
  ReadEntries(document->root(), file.parent_path(), routes, catalog);
  return document->Finish();
}

absl::Status AddModel(const fs::path& file, Catalog* catalog) {
  ModelEntry entry;
  entry.id = IdFromName(file);
  entry.path = file.string();
  entry.location = file.string();
  if (!IsId(entry.id)) {
    return InvalidFile(file, "no id can be made from its name; add an entry to models.yaml");
  }
  if (catalog->Find(entry.id) != nullptr) {
    return InvalidFile(file, absl::StrCat("the id made from its name, '", entry.id,
                                          "', is in use at ", catalog->Find(entry.id)->location,
                                          "; rename it, or add an entry to models.yaml"));
  }
  catalog->models.push_back(std::move(entry));
  return absl::OkStatus();
}

}  // namespace

absl::Status AddModelsFolder(const std::string& folder, FixedRoutes* routes, Catalog* catalog) {
  ASSIGN_OR_RETURN(const std::vector<fs::path> files, ListFolder(folder));
  for (const fs::path& file : files) {
    if (!IsModelList(file)) continue;
    RETURN_IF_ERROR(AddList(file, routes, catalog));
  }
  const std::set<fs::path> named = NamedPaths(*catalog);
  std::error_code error;
  for (const fs::path& file : files) {
    if (!IsModel(file) || named.contains(fs::canonical(file, error))) continue;
    if (absl::Status s = CheckLinks(file.string(), folder); !s.ok()) {
      return InvalidFile(folder, absl::StrCat(s.message(),
                                              "; copy it here, or add an entry for the model to "
                                              "models.yaml"));
    }
    RETURN_IF_ERROR(AddModel(file, catalog));
  }
  return absl::OkStatus();
}

}  // namespace assay::registry
