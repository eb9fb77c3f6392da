// The files of a repository at one commit, as listed by the Hub's API.
#include "registry/hub/cache/listing.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "registry/hub/cache/names.h"

namespace assay::registry {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxFiles = 20000;
constexpr int kMaxDepth = 32;

absl::Status FieldError(std::string_view field, const std::string& what) {
  return absl::DataLossError(absl::StrCat(std::string(field), " ", what));
}

// Returns a string field of an object, or an empty string if it is absent or null.
absl::StatusOr<std::string> String(const Json& object, const char* key) {
  const auto field = object.find(key);
  if (field == object.end() || field->is_null()) return "";
  if (!field->is_string()) return FieldError(key, "is not a string");
  return field->get<std::string>();
}

absl::StatusOr<int64_t> Size(const Json& object) {
  const auto field = object.find("size");
  if (field == object.end() || field->is_null()) return -1;
  if (!field->is_number_unsigned() ||
      field->get<uint64_t>() > static_cast<uint64_t>(kMaxHubFileBytes)) {
    return FieldError(
        "size",
        absl::StrCat("is ",
                     QuotedForMessage(field->dump(-1, ' ', true, Json::error_handler_t::replace)),
                     ", not a number of bytes up to ", kMaxHubFileBytes));
  }
  return static_cast<int64_t>(field->get<uint64_t>());
}

absl::StatusOr<std::string> Hash(const Json& object, const char* key) {
  absl::StatusOr<std::string> hash = String(object, key);
  if (!hash.ok() || hash->empty() || IsBlobHash(*hash)) return hash;
  return FieldError(key, absl::StrCat("is ", QuotedForMessage(*hash), ", not a sha1 or sha256"));
}

absl::StatusOr<RemoteFile> ParseFile(const Json& sibling) {
  if (!sibling.is_object()) return FieldError("siblings", "has an entry that is not an object");
  RemoteFile file;
  ASSIGN_OR_RETURN(std::string name, String(sibling, "rfilename"));
  if (absl::Status valid = CheckFileName(name); !valid.ok()) {
    return FieldError("rfilename:", std::string(valid.message()));
  }
  file.name = std::move(name);
  // In some replies, `size` and `blobId` of an LFS file are those of its pointer file.
  const auto lfs = sibling.find("lfs");
  const bool is_lfs = lfs != sibling.end() && lfs->is_object();
  const absl::StatusOr<int64_t> size = Size(is_lfs ? *lfs : sibling);
  if (!size.ok()) return Annotate(size.status(), file.name);
  absl::StatusOr<std::string> hash = is_lfs ? Hash(*lfs, "sha256") : Hash(sibling, "blobId");
  if (!hash.ok()) return Annotate(hash.status(), file.name);
  file.size = *size;
  file.hash = *std::move(hash);
  return file;
}

absl::StatusOr<Json> ParseJson(std::string_view text) {
  bool too_deep = false;
  const auto watch_depth = [&too_deep](int depth, Json::parse_event_t, const Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json json = Json::parse(text, watch_depth, /*allow_exceptions=*/false);
  if (too_deep) {
    return absl::DataLossError(absl::StrCat("JSON is nested deeper than ", kMaxDepth, " levels"));
  }
  if (json.is_discarded() || !json.is_object()) return absl::DataLossError("is not a JSON object");
  return json;
}

}  // namespace

const RemoteFile* RepoListing::Find(std::string_view name) const {
  for (const RemoteFile& file : files) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

absl::StatusOr<RepoListing> ParseListing(std::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  RepoListing listing;
  ASSIGN_OR_RETURN(std::string commit, String(json, "sha"));
  if (!IsCommitHash(commit)) {
    return FieldError("sha", absl::StrCat("is ", QuotedForMessage(commit), ", not a commit"));
  }
  listing.commit = std::move(commit);
  const auto siblings = json.find("siblings");
  if (siblings == json.end() || !siblings->is_array()) {
    return FieldError("siblings", "is not a list");
  }
  if (siblings->size() > kMaxFiles) {
    return FieldError("siblings",
                      absl::StrCat("has ", siblings->size(), " files, more than ", kMaxFiles));
  }
  absl::flat_hash_set<std::string> names;
  for (const Json& sibling : *siblings) {
    ASSIGN_OR_RETURN(RemoteFile file, ParseFile(sibling));
    if (!names.insert(file.name).second) {
      return FieldError("siblings",
                        absl::StrCat("has the duplicate file ", QuotedForMessage(file.name)));
    }
    listing.files.push_back(std::move(file));
  }
  return listing;
}

}  // namespace assay::registry
