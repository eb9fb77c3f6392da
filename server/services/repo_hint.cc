// Helps callers who give the id of a repository instead of a model's.
#include "server/services/repo_hint.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "registry/hub/cache/names.h"

namespace assay::server {
namespace {

// Splits at the first `mark`; the second part is empty without one.
std::pair<std::string_view, std::string_view> SplitAt(std::string_view text, char mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool Parse(std::string_view text, registry::HubSource* source) {
  constexpr std::string_view kPage = "https://huggingface.co/";
  if (text.starts_with(kPage)) text.remove_prefix(kPage.size());
  const auto [with_revision, file] = SplitAt(text, ':');
  const auto [repo, revision] = SplitAt(with_revision, '@');
  source->repo = std::string(repo);
  if (!revision.empty()) source->revision = std::string(revision);
  source->file = std::string(file);
  return absl::StrContains(source->repo, '/') && registry::CheckRepoId(repo).ok() &&
         registry::CheckRevision(source->revision).ok() &&
         (file.empty() || registry::CheckFileName(file).ok());
}

// Returns the repository's name in the characters that catalog ids may have.
std::string IdFor(const registry::HubSource& source) {
  std::string id = absl::AsciiStrToLower(source.repo.substr(source.repo.find('/') + 1));
  std::replace_if(id.begin(), id.end(), [](char c) { return !absl::ascii_isalnum(c); }, '_');
  return id.substr(std::min(id.find_first_not_of('_'), id.size()));
}

// The values are quoted because YAML reads some names as numbers or booleans.
std::string YamlEntry(const std::string& id, const registry::HubSource& source) {
  std::string yaml = absl::StrCat("- { id: ", id, ", source: { repo: '", source.repo, "'");
  if (source.revision != "main") absl::StrAppend(&yaml, ", revision: '", source.revision, "'");
  if (!source.file.empty()) absl::StrAppend(&yaml, ", file: '", source.file, "'");
  return absl::StrCat(yaml, " } }");
}

}  // namespace

std::string RepoHint(const registry::Catalog& catalog, std::string_view text) {
  registry::HubSource source;
  if (!Parse(text, &source)) return "";
  for (const registry::ModelEntry& entry : catalog.models) {
    if (entry.hub != source) continue;
    return absl::StrCat("the model of this repository is '", entry.id, "'");
  }
  const std::string id = IdFor(source);
  const std::string entry = YamlEntry(id, source);
  // The Hub allows names that a catalog refuses.
  if (!registry::ParseCatalog(absl::StrCat("builtin: false\nmodels:\n", entry), "").ok()) return "";
  return absl::StrCat("a repository has an entry in models.yaml first: `", entry,
                      "` under `models:`, then `assay reload` and `assay pull ", id, "`");
}

}  // namespace assay::server
