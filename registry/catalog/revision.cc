// Revisions: names of the exact weights and settings that are deployed.
#include "registry/catalog/revision.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/gguf_parts.h"
#include "base/hashing.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"
#include "registry/catalog/source.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

constexpr int kDigits = 12;
constexpr std::streamsize kEdgeBytes = std::streamsize{64} << 10;
constexpr size_t kMaxFiles = 4096;
constexpr std::string_view kSnapshots = "/snapshots/";
constexpr size_t kCommitDigits = 40;

// Returns true if a model is loaded from files of this kind.
bool IsModelFile(const fs::path& file) {
  static constexpr std::array<std::string_view, 7> kSuffixes = {
      ".safetensors", ".bin", ".gguf", ".json", ".txt", ".jinja", ".model"};
  const std::string name = file.filename().string();
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

// Returns the files of a model, or an empty list if there are none or more than kMaxFiles.
std::vector<fs::path> FilesOf(const std::string& path) {
  std::error_code error;
  std::vector<fs::path> files;
  if (!fs::is_directory(path, error)) {
    const fs::path file(path);
    for (const std::string& part : GgufParts(file.filename().string())) {
      files.push_back(file.parent_path() / part);
    }
    return files;
  }
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (IsModelFile(it->path())) files.push_back(it->path());
    if (files.size() > kMaxFiles) return {};
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Returns names, sizes and times of the files. If they change, the digest is computed again. Empty
// if a file cannot be read.
std::string FileStamp(const std::vector<fs::path>& files) {
  std::string stamp;
  for (const fs::path& file : files) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error) return "";
    const auto time = fs::last_write_time(file, error).time_since_epoch().count();
    absl::StrAppend(&stamp, file.string(), "\n", size, " ", static_cast<int64_t>(time), "\n");
  }
  return stamp;
}

// The digest over the edges of files.
class Digest {
 public:
  void Add(std::string_view bytes) { hash_.Update(bytes); }

  // Adds the name, the size and the first and last bytes.
  void AddFile(const fs::path& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const std::streamoff size = file.tellg();
    Add(absl::StrCat(path.filename().string(), "\n", static_cast<int64_t>(size), "\n"));
    std::string edge(static_cast<size_t>(std::min<std::streamoff>(size < 0 ? 0 : size, kEdgeBytes)),
                     '\0');
    for (const std::streamoff at : {std::streamoff{0}, size - std::ssize(edge)}) {
      file.seekg(at);
      file.read(edge.data(), std::ssize(edge));
      Add(edge);
    }
    readable_ = readable_ && file.good();
  }

  // Returns an empty string if a file could not be read.
  std::string Hex() { return readable_ ? hash_.HexDigest().substr(0, kDigits) : ""; }

 private:
  HashStream hash_{HashAlgorithm::kSha256};
  bool readable_ = true;
};

// Returns the commit in a path of the Hub's cache; empty if there is none.
std::string CommitOf(const std::string& path) {
  const size_t at = path.rfind(kSnapshots);
  if (at == std::string::npos) return "";
  const std::string commit = path.substr(at + kSnapshots.size(), kCommitDigits);
  return commit.size() == kCommitDigits ? commit.substr(0, kDigits) : "";
}

}  // namespace

std::string Revisions::Settings(const ModelEntry& entry) const {
  std::string text;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (value != "auto") absl::StrAppend(&text, "/", std::string(key), "=", value);
  };
  add("dtype", entry.dtype);
  add("weights", entry.weights);
  add("kv_cache", entry.kv_cache);
  const bool own = !entry.device.empty() && entry.device != "auto";
  const std::string device = own ? entry.device : default_device_;
  const std::string kind = device.substr(0, device.find(':'));
  if (kind != "cpu") absl::StrAppend(&text, "/", kind);
  return text;
}

std::string Revisions::Base(const ModelEntry& entry, const std::string& path) {
  if (!entry.hub.has_value()) return DigestOf(path);
  const std::string commit = CommitOf(path);
  if (commit.empty()) return DigestOf(path);
  return absl::StrCat(commit, entry.hub->file.empty() ? "" : ":", entry.hub->file);
}

std::string Revisions::OfFile(const ModelEntry& entry, const std::string& path) {
  const std::string base = Base(entry, path);
  return base.empty() ? "" : absl::StrCat(base, Settings(entry));
}

std::string Revisions::Of(const ModelEntry& entry) {
  const std::string source = absl::StrCat(entry.format, "\n", entry.SourceName());
  const SteadyTime now = SteadyTime::Now();
  std::string base;
  bool known = false;
  {
    const MutexLock lock(mutex_);
    const auto it = bases_.find(source);
    known = it != bases_.end() && now - it->second.looked_up < fresh_for_;
    if (known) base = it->second.base;
  }
  if (!known) {
    const absl::StatusOr<std::string> path = ResolveSource(entry, hub_cache_);
    if (path.ok()) base = Base(entry, *path);
    const MutexLock lock(mutex_);
    bases_[source] = {base, now};
  }
  return base.empty() ? "" : absl::StrCat(base, Settings(entry));
}

std::string Revisions::DigestOf(const std::string& path) {
  const std::vector<fs::path> files = FilesOf(path);
  const std::string stamp = FileStamp(files);
  if (stamp.empty()) return "";
  {
    const MutexLock lock(mutex_);
    const auto known = digests_.find(path);
    if (known != digests_.end() && known->second.first == stamp) return known->second.second;
  }
  Digest digest;
  for (const fs::path& file : files) digest.AddFile(file);
  const std::string hex = digest.Hex();
  if (hex.empty()) return "";
  const std::string name = absl::StrCat("sha256:", hex);
  const MutexLock lock(mutex_);
  digests_[path] = {stamp, name};
  return name;
}

}  // namespace assay::registry
