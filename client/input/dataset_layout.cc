// The configs and splits of a data set's repository.
#include "client/input/dataset_layout.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "yaml-cpp/yaml.h"

namespace assay::client {
namespace {

constexpr char kTrain[] = "train";

struct SplitWord {
  std::string_view word;
  const char* split;
};
constexpr auto kSplitWords = std::to_array<SplitWord>({{"train", kTrain},
                                                       {"training", kTrain},
                                                       {"validation", "validation"},
                                                       {"valid", "validation"},
                                                       {"val", "validation"},
                                                       {"dev", "validation"},
                                                       {"test", "test"},
                                                       {"testing", "test"},
                                                       {"eval", "test"},
                                                       {"evaluation", "test"}});

// Returns the text between the lines "---" at the beginning. Empty: there is none.
std::string FrontMatter(const std::string& readme) {
  constexpr std::string_view kFence = "---\n";
  if (!readme.starts_with(kFence)) return "";
  const size_t end = readme.find("\n---", kFence.size() - 1);
  return end == std::string::npos ? "" : readme.substr(kFence.size(), end - kFence.size() + 1);
}

bool Matches(std::string name, std::string pattern) {
  // "**" also matches folders; a single "*" does not.
  const bool any_folder = pattern.find("**") != std::string::npos;
  if (pattern.starts_with("./")) pattern.erase(0, 2);
  return fnmatch(pattern.c_str(), name.c_str(), any_folder ? 0 : FNM_PATHNAME) == 0;
}

void AddMatches(const YAML::Node& patterns, const std::vector<std::string>& names,
                std::vector<std::string>* files) {
  std::vector<std::string> list;
  if (patterns.IsScalar()) list.push_back(patterns.as<std::string>());
  if (patterns.IsSequence()) list = patterns.as<std::vector<std::string>>();
  for (const std::string& name : names) {
    const bool found = std::any_of(list.begin(), list.end(), [&](const std::string& pattern) {
      return Matches(name, pattern);
    });
    if (found) files->push_back(name);
  }
}

// `data_files` is a pattern, a list of patterns, or a list of {split, path}.
DatasetSplits ReadSplits(const YAML::Node& data_files, const std::vector<std::string>& names) {
  DatasetSplits splits;
  const bool has_splits = data_files.IsSequence() && data_files.size() > 0 && data_files[0].IsMap();
  if (!has_splits) {
    std::vector<std::string> files;
    AddMatches(data_files, names, &files);
    return SplitsByName(files);
  }
  for (const YAML::Node& entry : data_files) {
    AddMatches(entry["path"], names, &splits[entry["split"].as<std::string>()]);
  }
  return splits;
}

std::vector<DatasetConfig> ReadConfigs(const YAML::Node& metadata,
                                       const std::vector<std::string>& names) {
  std::vector<DatasetConfig> configs;
  if (!metadata.IsMap() || !metadata["configs"].IsSequence()) return configs;
  for (const YAML::Node& node : metadata["configs"]) {
    if (!node["data_files"]) continue;
    DatasetConfig config{.name = node["config_name"].as<std::string>("default")};
    config.is_default = node["default"].as<bool>(false) || config.name == "default";
    config.splits = ReadSplits(node["data_files"], names);
    configs.push_back(std::move(config));
  }
  return configs;
}

// Returns "test" for "test-00000-of-00003". Empty: the name has another form.
std::string ShardedSplit(std::string_view stem) {
  const size_t of = stem.rfind("-of-");
  if (of == std::string_view::npos) return "";
  const size_t number = stem.rfind('-', of - 1);
  const bool has_digits =
      number != std::string_view::npos && number > 0 && of > number + 1 &&
      std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(number) + 1,
                  stem.begin() + static_cast<std::ptrdiff_t>(of), absl::ascii_isdigit);
  return has_digits ? std::string(stem.substr(0, number)) : "";
}

std::string WordSplit(std::string_view part) {
  const std::string lower = absl::AsciiStrToLower(std::string(part));
  const std::vector<std::string> words =
      absl::StrSplit(lower, absl::ByAnyChar("-._ 0123456789"), absl::SkipEmpty());
  for (const std::string& word : words) {
    for (const SplitWord& known : kSplitWords) {
      if (word == known.word) return known.split;
    }
  }
  return "";
}

// Empty: the name states no split.
std::string SplitOf(const std::string& name) {
  std::vector<std::string> parts = absl::StrSplit(name, '/');
  std::string& file = parts.back();
  file = file.substr(0, file.find('.'));
  if (std::string split = ShardedSplit(file); !split.empty()) return split;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (std::string split = WordSplit(*part); !split.empty()) return split;
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<DatasetConfig>> StatedConfigs(const std::string& readme,
                                                         const std::vector<std::string>& names) {
  try {
    return ReadConfigs(YAML::Load(FrontMatter(readme)), names);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the metadata of README.md cannot be read: ", error.what()));
  }
}

DatasetSplits SplitsByName(const std::vector<std::string>& names) {
  DatasetSplits splits;
  for (const std::string& name : names) {
    if (std::string split = SplitOf(name); !split.empty()) splits[split].push_back(name);
  }
  if (splits.empty() && !names.empty()) splits[kTrain] = names;
  return splits;
}

}  // namespace assay::client
