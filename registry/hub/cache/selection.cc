// Selects the files of a repository that a model needs.
#include "registry/hub/cache/selection.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/gguf_parts.h"
#include "registry/hub/cache/names.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxListedFiles = 20;
constexpr std::string_view kSafetensors = ".safetensors";
constexpr std::string_view kGguf = ".gguf";

// The prefixes of weights in the layout of the original authors, and of adapters.
constexpr std::array<std::string_view, 2> kOtherWeights = {"consolidated", "adapter_model"};

bool IsWeights(std::string_view name) {
  return name.ends_with(kSafetensors) && !absl::StrContains(std::string(name), '/') &&
         std::none_of(kOtherWeights.begin(), kOtherWeights.end(),
                      [name](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<RemoteFile> Matching(const RepoListing& listing, bool (*predicate)(std::string_view)) {
  std::vector<RemoteFile> files;
  std::copy_if(listing.files.begin(), listing.files.end(), std::back_inserter(files),
               [predicate](const RemoteFile& file) { return predicate(file.name); });
  return files;
}

std::vector<RemoteFile> Weights(const RepoListing& listing) {
  if (listing.Find(kWeightsIndex) != nullptr) {
    std::vector<RemoteFile> shards = Matching(listing, IsShard);
    if (shards.empty()) shards = Matching(listing, IsWeights);
    shards.push_back(*listing.Find(kWeightsIndex));
    return shards;
  }
  if (const RemoteFile* single = listing.Find(kWeightsFile); single != nullptr) return {*single};
  return {};
}

std::string Names(const std::vector<RemoteFile>& files) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(files.size(), kMaxListedFiles); ++i) {
    names.push_back(files[i].name);
  }
  return absl::StrCat(absl::StrJoin(names, ", "),
                      files.size() > kMaxListedFiles
                          ? absl::StrCat(" and ", files.size() - kMaxListedFiles, " more")
                          : "");
}

absl::Status NoWeights(const RepoListing& listing) {
  const std::vector<RemoteFile> gguf =
      Matching(listing, [](std::string_view name) { return name.ends_with(kGguf); });
  if (!gguf.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "has no safetensors, but GGUF files; choose one with source.file: ", Names(gguf)));
  }
  const std::vector<RemoteFile> pickles = Matching(listing, [](std::string_view name) {
    return name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth");
  });
  if (!pickles.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "has its weights only as Python pickles (", Names(pickles),
        "), which Assay does not load because they can run code. Use a revision with "
        "safetensors (on the Hub: refs/pr/N of the bot SFconvertbot), or convert it with "
        "transformers' save_pretrained()"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("has neither ", kWeightsFile, " nor ", kWeightsIndex,
                   "; it is not the repository of a language model"));
}

absl::Status NoFile(const RepoListing& listing, const std::string& file) {
  const size_t dot = file.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : file.substr(dot);
  std::vector<RemoteFile> similar;
  for (const RemoteFile& other : listing.files) {
    if (!ending.empty() && other.name.ends_with(ending)) similar.push_back(other);
  }
  return absl::NotFoundError(
      absl::StrCat("has no file ", QuotedForMessage(file), " at commit ", listing.commit,
                   similar.empty() ? "" : absl::StrCat("; files of that kind: ", Names(similar))));
}

absl::StatusOr<std::vector<RemoteFile>> NamedFiles(const RepoListing& listing,
                                                   const std::string& file) {
  std::vector<RemoteFile> files;
  for (const std::string& name : GgufParts(file)) {
    const RemoteFile* found = listing.Find(name);
    if (found == nullptr) return NoFile(listing, name);
    files.push_back(*found);
  }
  return files;
}

}  // namespace

bool IsConfiguration(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames = {
      kConfigFile,  "generation_config.json",  "tokenizer.json",    "tokenizer_config.json",
      "vocab.json", "special_tokens_map.json", "added_tokens.json", "merges.txt",
      "vocab.txt",  "chat_template.json",      "tokenizer.model",   "chat_template.jinja"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool IsShard(std::string_view name) {
  return IsWeights(name) && name.starts_with("model-") &&
         absl::StrContains(std::string(name), "-of-");
}

absl::StatusOr<std::vector<RemoteFile>> SelectFiles(const RepoListing& listing,
                                                    const std::string& file) {
  if (!file.empty()) return NamedFiles(listing, file);
  std::vector<RemoteFile> files = Weights(listing);
  if (files.empty()) return NoWeights(listing);
  if (listing.Find(kConfigFile) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("has no ", kConfigFile, "; it was not written by transformers"));
  }
  const std::vector<RemoteFile> configuration = Matching(listing, IsConfiguration);
  files.insert(files.end(), configuration.begin(), configuration.end());
  return files;
}

}  // namespace assay::registry
