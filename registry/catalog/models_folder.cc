// A folder of models.
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

absl::Status Wrong(const fs::path& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(path.string(), ": ", what));
}

absl::StatusOr<std::vector<fs::path>> FilesOf(const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  if (error || !fs::is_directory(real, error)) {
    return absl::NotFoundError(absl::StrCat("models_dir: no folder at ", folder.string(),
                                            "; make it, or take the key out"));
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator it(real, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    if (files.size() == kMaxFiles) {
      return Wrong(folder, absl::StrCat("has over ", kMaxFiles, " files; use several catalogs"));
    }
    files.push_back(it->path());
  }
  if (error) return Wrong(folder, absl::StrCat("cannot be read: ", error.message()));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const fs::path target = fs::canonical(file, error);
    if (error) return Wrong(file, absl::StrCat("cannot be followed: ", error.message()));
    if (target.parent_path() != real) {
      return Wrong(file, absl::StrCat("leads out of the folder, to ", target.string(),
                                      "; copy it here, or give it an entry in models.yaml"));
    }
  }
  return files;
}

// A pipe would be waited for.
bool IsList(const fs::path& file) {
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

std::string IdOf(const fs::path& file) {
  std::error_code error;
  const fs::path name = fs::is_directory(file, error) ? file.filename() : file.stem();
  std::string id = absl::AsciiStrToLower(name.string());
  std::replace_if(
      id.begin(), id.end(),
      [](char c) { return !absl::ascii_isalnum(c) && c != '.' && c != '_' && c != '-'; }, '-');
  id.erase(0, std::min(id.find_first_not_of("._-"), id.size()));
  return id.substr(0, kMaxIdLength);
}

// The files and folders that entries name, whatever links lead there; of a model in several files
// all, whichever of them is named.
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
  entry.id = IdOf(file);
  entry.path = file.string();
  entry.place = file.string();
  if (!IsId(entry.id)) {
    return Wrong(file, "no id can be made of its name; give it an entry in models.yaml");
  }
  if (catalog->Find(entry.id) != nullptr) {
    return Wrong(file, absl::StrCat("the id made of its name, '", entry.id, "', is that of ",
                                    catalog->Find(entry.id)->place,
                                    "; rename it, or give it an entry in models.yaml"));
  }
  catalog->models.push_back(std::move(entry));
  return absl::OkStatus();
}

}  // namespace

absl::Status AddModelsFolder(const std::string& folder, FixedRoutes* routes, Catalog* catalog) {
  ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesOf(folder));
  for (const fs::path& file : files) {
    if (!IsList(file)) continue;
    RETURN_IF_ERROR(AddList(file, routes, catalog));
  }
  const std::set<fs::path> named = NamedPaths(*catalog);
  std::error_code error;
  for (const fs::path& file : files) {
    if (!IsModel(file) || named.contains(fs::canonical(file, error))) continue;
    if (absl::Status s = CheckLinks(file.string(), folder); !s.ok()) {
      return Wrong(folder, absl::StrCat(s.message(),
                                        "; copy it here, or give the model an entry "
                                        "in models.yaml"));
    }
    RETURN_IF_ERROR(AddModel(file, catalog));
  }
  return absl::OkStatus();
}

}  // namespace assay::registry
