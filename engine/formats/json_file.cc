// JSON files of a model's folder.
#include "engine/formats/json_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/formats/mapped_file.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;

}  // namespace

absl::StatusOr<Json> ParseJsonObject(std::string_view text) {
  bool too_deep = false;
  // The parser itself has no limit, and what it builds is freed by recursion.
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json json = Json::parse(text, watch_depth, /*allow_exceptions=*/false);
  if (too_deep) return absl::DataLossError(absl::StrCat("JSON nested deeper than ", kMaxDepth));
  if (json.is_discarded()) return absl::DataLossError("not valid JSON");
  if (!json.is_object()) return absl::DataLossError("not a JSON object");
  return json;
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path, int64_t max_bytes) {
  const absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::Span<const std::byte> bytes = (*file)->bytes();
  if (static_cast<int64_t>(bytes.size()) > max_bytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", bytes.size(), " bytes are more than the ", max_bytes, " read"));
  }
  absl::StatusOr<Json> json =
      ParseJsonObject({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (json.ok()) return json;
  return absl::Status(json.status().code(), absl::StrCat(path, ": ", json.status().message()));
}

}  // namespace assay::engine
