// Data sets of the Hugging Face Hub in the local caches.
#include "client/input/hub_dataset.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/input/dataset_layout.h"
#include "client/input/jsonl_file.h"

namespace assay::client {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "hf:";
constexpr size_t kMaxNameBytes = 96;
constexpr size_t kMaxFiles = 20'000;

// The parts of a reference.
struct Reference {
  std::string text;
  // "owner/name" or "name".
  std::string repo;
  std::string config;
  std::string revision;
  std::string split;
};

absl::Status Wrong(const Reference& reference, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(reference.text, ": ", what));
}

// Names become parts of paths.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                  c == '-';
         });
}

absl::StatusOr<Reference> Parse(const std::string& text) {
  Reference reference{.text = text};
  std::string rest = text.substr(sizeof(kPrefix) - 1);
  if (const size_t colon = rest.rfind(':'); colon != std::string::npos) {
    reference.split = rest.substr(colon + 1);
    if (!IsName(reference.split)) return Wrong(reference, "the split after ':' is no name");
    rest.resize(colon);
  }
  if (const size_t at = rest.rfind('@'); at != std::string::npos) {
    reference.revision = rest.substr(at + 1);
    const std::vector<std::string> parts = absl::StrSplit(reference.revision, '/');
    if (!std::all_of(parts.begin(), parts.end(), IsName)) {
      return Wrong(reference, "the revision after '@' is no branch, tag or commit");
    }
    rest.resize(at);
  }
  const std::vector<std::string> parts = absl::StrSplit(rest, '/');
  if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), IsName)) {
    return Wrong(reference,
                 "is no data set; give hf:OWNER/NAME[/CONFIG][@REVISION][:SPLIT], such as "
                 "hf:openai/gsm8k/main:test");
  }
  reference.repo = parts.size() == 1 ? parts[0] : absl::StrCat(parts[0], "/", parts[1]);
  if (parts.size() == 3) reference.config = parts[2];
  return reference;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Returns the first line of a small file. Empty: it cannot be read.
std::string FirstLine(const fs::path& path) {
  const absl::StatusOr<std::string> text = ReadLimited(path.string());
  return text.ok() ? std::string(absl::StripAsciiWhitespace(text->substr(0, text->find('\n'))))
                   : "";
}

std::vector<std::string> Entries(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Returns the regular files below a folder, also behind links, relative to it and in order.
std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end && names.size() < kMaxFiles; entry.increment(error)) {
    std::error_code type_error;
    if (!entry->is_regular_file(type_error)) continue;
    names.push_back(entry->path().lexically_relative(folder).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Extension(const std::string& name) {
  return absl::AsciiStrToLower(fs::path(name).extension().string());
}

bool IsData(const std::string& name) {
  for (const char* extension : {".parquet", ".csv", ".tsv", ".jsonl", ".json", ".arrow"}) {
    if (Extension(name) == extension) return true;
  }
  return false;
}

template <typename Map>
std::string Keys(const Map& map) {
  return absl::StrJoin(
      map, ", ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); });
}

std::string Download(const Reference& reference) {
  return absl::StrCat(
      "hf download --repo-type dataset ", reference.repo,
      reference.revision.empty() ? "" : absl::StrCat(" --revision ", reference.revision));
}

// A split of N shards must have all of them.
absl::Status CheckShards(const Reference& reference, const std::vector<std::string>& files) {
  const std::string name = fs::path(files.front()).stem().string();
  const size_t of = name.rfind("-of-");
  size_t shards = 0;
  if (of == std::string::npos || !absl::SimpleAtoi(name.substr(of + 4), &shards)) {
    return absl::OkStatus();
  }
  if (files.size() >= shards) return absl::OkStatus();
  return Wrong(reference,
               absl::StrCat("only ", files.size(), " of ", shards,
                            " files are in the cache; complete it: ", Download(reference)));
}

// Returns the split that is named, or the only one.
absl::StatusOr<DatasetFiles> ChooseSplit(const Reference& reference, const DatasetConfig& config,
                                         const fs::path& folder, const std::string& revision) {
  std::string split = reference.split;
  const std::string with_config =
      absl::StrCat(kPrefix, reference.repo, config.name.empty() ? "" : "/", config.name);
  if (split.empty() && config.splits.size() == 1) split = config.splits.begin()->first;
  if (split.empty()) {
    return Wrong(reference,
                 absl::StrCat("has the splits ", Keys(config.splits), "; name one, as in ",
                              with_config, ":", config.splits.begin()->first));
  }
  const auto found = config.splits.find(split);
  if (found == config.splits.end() || found->second.empty()) {
    return Wrong(reference, absl::StrCat("has no split ", split, " in the cache; it has ",
                                         Keys(config.splits), ". For more: ", Download(reference)));
  }
  RETURN_IF_ERROR(CheckShards(reference, found->second));
  DatasetFiles files{.name = absl::StrCat(with_config, "@", revision, ":", split)};
  for (const std::string& name : found->second) {
    if (Extension(name) != Extension(found->second.front())) {
      return Wrong(reference, absl::StrCat("the split ", split, " has files of several kinds: ",
                                           found->second.front(), ", ", name,
                                           "; give the files themselves to --prompts-file"));
    }
    files.paths.push_back((folder / name).string());
  }
  return files;
}

// Returns the config that is named, the only one, or the default.
absl::StatusOr<DatasetConfig> ChooseConfig(const Reference& reference,
                                           std::vector<DatasetConfig> configs) {
  std::vector<std::string> names;
  for (DatasetConfig& config : configs) {
    const bool is_chosen = reference.config.empty() ? config.is_default || configs.size() == 1
                                                    : config.name == reference.config;
    if (is_chosen) return std::move(config);
    names.push_back(config.name);
  }
  return Wrong(reference,
               absl::StrCat(reference.config.empty() ? "has several configs" : "has no such config",
                            "; give one of ", absl::StrJoin(names, ", "), ", as in ", kPrefix,
                            reference.repo, "/", names.front()));
}

// Returns the commit whose snapshot is meant. Empty: the cache has none.
std::string FindCommit(const fs::path& repo, const std::string& revision) {
  std::error_code error;
  const fs::path snapshots = repo / "snapshots";
  if (!revision.empty() && fs::is_directory(snapshots / revision, error)) return revision;
  const std::string commit = FirstLine(repo / "refs" / (revision.empty() ? "main" : revision));
  if (IsName(commit) && fs::is_directory(snapshots / commit, error)) return commit;
  // A snapshot that was downloaded by its commit has no ref.
  const std::vector<std::string> all = Entries(snapshots);
  return revision.empty() && all.size() == 1 ? all.front() : "";
}

// Returns NOT_FOUND without a message if the cache does not have the revision.
absl::StatusOr<DatasetFiles> FindInHub(const Reference& reference, const std::string& cache) {
  const fs::path repo =
      fs::path(cache) /
      absl::StrCat("datasets--", absl::StrJoin(absl::StrSplit(reference.repo, '/'), "--"));
  const std::string commit = FindCommit(repo, reference.revision);
  if (commit.empty()) return absl::NotFoundError("");
  const fs::path folder = repo / "snapshots" / commit;
  std::vector<std::string> names = FilesBelow(folder);
  std::erase_if(names, [](const std::string& name) { return !IsData(name); });
  std::vector<DatasetConfig> configs;
  if (absl::StatusOr<std::string> readme = ReadLimited((folder / "README.md").string());
      readme.ok()) {
    absl::StatusOr<std::vector<DatasetConfig>> stated = StatedConfigs(*readme, names);
    if (!stated.ok()) return Wrong(reference, std::string(stated.status().message()));
    configs = *std::move(stated);
  }
  if (configs.empty()) {
    if (!reference.config.empty()) {
      std::erase_if(names, [&](const std::string& name) {
        return !name.starts_with(absl::StrCat(reference.config, "/")) &&
               !absl::StrContains(name, absl::StrCat("/", reference.config, "/"));
      });
    }
    configs.push_back({.name = reference.config, .splits = SplitsByName(names)});
  }
  ASSIGN_OR_RETURN(const DatasetConfig config, ChooseConfig(reference, std::move(configs)));
  if (config.splits.empty()) {
    return Wrong(reference,
                 absl::StrCat("the cache has no .parquet, .csv, .tsv, .jsonl, .json or "
                              ".arrow file of it in ",
                              folder.string(), "; download it whole: ", Download(reference)));
  }
  return ChooseSplit(reference, config, folder, commit);
}

// `datasets` writes names in snake case: CamelCase becomes camel_case.
std::string FoldName(std::string_view name) {
  std::string folded = absl::AsciiStrToLower(std::string(name));
  std::erase(folded, '_');
  return folded;
}

// Returns "test" for "name-test-00000-of-00002.arrow" and for "name-test.arrow". Empty: the file is
// another one, such as the result of a map.
std::string PreparedSplit(const std::string& name) {
  if (name.starts_with("cache-") || Extension(name) != ".arrow") return "";
  std::string stem = fs::path(name).stem().string();
  if (const size_t of = stem.rfind("-of-"); of != std::string::npos && of > 0) {
    const size_t number = stem.rfind('-', of - 1);
    stem.resize(number == std::string::npos ? of : number);
  }
  const size_t dash = stem.rfind('-');
  return dash == std::string::npos ? "" : stem.substr(dash + 1);
}

// Returns the newest preparation of each config: CONFIG -> folder VERSION/HASH.
std::map<std::string, fs::path> Preparations(const fs::path& dataset, const std::string& revision) {
  std::map<std::string, fs::path> found;
  std::map<std::string, fs::file_time_type> times;
  for (const std::string& name : FilesBelow(dataset)) {
    const fs::path path(name);
    const fs::path folder = path.parent_path();
    std::error_code error;
    if (PreparedSplit(path.filename().string()).empty() || folder.empty()) continue;
    const std::string config = folder.begin()->string();
    if (!revision.empty() && folder.filename() != revision) continue;
    const fs::file_time_type time = fs::last_write_time(dataset / folder, error);
    if (found.contains(config) && time <= times[config]) continue;
    found[config] = folder;
    times[config] = time;
  }
  return found;
}

// Returns NOT_FOUND without a message if the cache does not have the data set.
absl::StatusOr<DatasetFiles> FindPrepared(const Reference& reference, const std::string& cache) {
  const std::string wanted = FoldName(absl::StrJoin(absl::StrSplit(reference.repo, '/'), "___"));
  for (const std::string& name : Entries(cache)) {
    if (FoldName(name) != wanted) continue;
    const fs::path dataset = fs::path(cache) / name;
    std::vector<DatasetConfig> configs;
    const std::map<std::string, fs::path> folders = Preparations(dataset, reference.revision);
    for (const auto& [config_name, folder] : folders) {
      DatasetConfig config{.name = config_name, .is_default = config_name == "default"};
      for (const std::string& file : Entries(dataset / folder)) {
        const std::string split = PreparedSplit(file);
        if (!split.empty()) config.splits[split].push_back((folder / file).string());
      }
      configs.push_back(std::move(config));
    }
    if (configs.empty()) continue;
    ASSIGN_OR_RETURN(const DatasetConfig config, ChooseConfig(reference, std::move(configs)));
    return ChooseSplit(reference, config, dataset, folders.at(config.name).filename().string());
  }
  return absl::NotFoundError("");
}

}  // namespace

DatasetCaches DatasetCachesFromEnvironment() {
  fs::path home = Environment("HF_HOME");
  if (home.empty()) {
    fs::path cache = Environment("XDG_CACHE_HOME");
    if (cache.empty()) cache = fs::path(Environment("HOME")) / ".cache";
    home = cache / "huggingface";
  }
  DatasetCaches caches{.hub = Environment("HF_HUB_CACHE"),
                       .datasets = Environment("HF_DATASETS_CACHE")};
  if (caches.hub.empty()) caches.hub = Environment("HUGGINGFACE_HUB_CACHE");
  if (caches.hub.empty()) caches.hub = (home / "hub").string();
  if (caches.datasets.empty()) caches.datasets = (home / "datasets").string();
  return caches;
}

bool IsDatasetReference(std::string_view text) { return text.starts_with(kPrefix); }

absl::StatusOr<DatasetFiles> FindDataset(const std::string& text, const DatasetCaches& caches) {
  ASSIGN_OR_RETURN(const Reference reference, Parse(text));
  absl::StatusOr<DatasetFiles> files = FindInHub(reference, caches.hub);
  if (!absl::IsNotFound(files.status())) return files;
  files = FindPrepared(reference, caches.datasets);
  if (!absl::IsNotFound(files.status())) return files;
  return absl::NotFoundError(
      absl::StrCat(text, ": is not in the caches ", caches.hub, " and ", caches.datasets,
                   ", and assay does not download it. Download it first: ", Download(reference)));
}

}  // namespace assay::client
