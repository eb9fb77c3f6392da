// The completeness of a snapshot in the cache, determined without the Hub.
#include "registry/hub/cache/local_snapshot.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "base/gguf_parts.h"
#include "nlohmann/json.hpp"
#include "registry/hub/cache/names.h"
#include "registry/hub/cache/selection.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uintmax_t kMaxIndexBytes = 64 << 20;

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool HasAllShards(const fs::path& folder) {
  const fs::path path = folder / kWeightsIndex;
  std::error_code error;
  if (fs::file_size(path, error) > kMaxIndexBytes || error) return false;
  std::ifstream file(path);
  const Json index = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!index.is_object()) return false;
  const auto map = index.find("weight_map");
  if (map == index.end() || !map->is_object() || map->empty()) return false;
  return std::all_of(map->begin(), map->end(), [&folder](const Json& shard) {
    return shard.is_string() && CheckFileName(shard.get_ref<const std::string&>()).ok() &&
           IsFile(folder / shard.get_ref<const std::string&>());
  });
}

bool HasTokenizer(const fs::path& folder) {
  return IsFile(folder / "tokenizer.json") || IsFile(folder / "vocab.json") ||
         IsFile(folder / "tokenizer.model");
}

}  // namespace

LocalState InspectSnapshot(const HubCache& cache, const std::string& commit,
                           const std::string& file) {
  if (!file.empty()) {
    const std::vector<std::string> parts = GgufParts(file);
    const bool all = std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return IsFile(cache.SnapshotPath(commit, part));
    });
    return all ? LocalState::kComplete : LocalState::kIncomplete;
  }
  const fs::path folder = cache.SnapshotFolder(commit);
  const bool has_weights =
      IsFile(folder / kWeightsIndex) ? HasAllShards(folder) : IsFile(folder / kWeightsFile);
  if (!has_weights || !IsFile(folder / kConfigFile)) return LocalState::kIncomplete;
  return HasTokenizer(folder) ? LocalState::kComplete : LocalState::kWithoutTokenizer;
}

}  // namespace assay::registry
