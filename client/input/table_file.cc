// Tables of prompts or ratings, read by assay-table-reader.
#include "client/input/table_file.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/child_process.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "client/input/jsonl_file.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr char kReader[] = "assay-table-reader";
constexpr absl::Duration kTimeout = absl::Minutes(10);
constexpr int64_t kMemoryBytes = int64_t{1} << 30;
// The reader limits its output to kMaxFileBytes by itself, with a better message.
constexpr size_t kMaxOutputBytes = kMaxFileBytes + (size_t{4} << 20);

struct FormatName {
  std::string_view extension;
  const char* format;
};
constexpr FormatName kFormats[] = {{".csv", "csv"},
                                   {".tsv", "tsv"},
                                   {".parquet", "parquet"},
                                   {".arrow", "arrow"},
                                   {".feather", "arrow"}};

// Returns the file of this process, with symbolic links resolved. Empty: unknown.
fs::path OwnProgram() {
  std::error_code error;
#ifdef __APPLE__
  std::string name(4096, '\0');
  auto size = static_cast<uint32_t>(name.size());
  if (_NSGetExecutablePath(name.data(), &size) != 0) return {};
  return fs::canonical(name.c_str(), error);
#else
  return fs::read_symlink("/proc/self/exe", error);
#endif
}

absl::StatusOr<std::string> FindReader() {
  const fs::path bin = OwnProgram().parent_path();
  const fs::path installed = bin.parent_path() / "lib/assay" / kReader;
  std::error_code error;
  for (const fs::path& path : {installed, bin / kReader}) {
    // Nothing is started from the current folder if the program's own is unknown.
    if (path.is_absolute() && fs::exists(path, error)) return path.string();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the program that reads tables is missing: neither ", installed.string(), " nor ",
      (bin / kReader).string(), " exists; install assay again, or convert the table to JSONL"));
}

// Returns the lines that the reader wrote.
absl::StatusOr<std::vector<Json>> RunReader(const std::vector<std::string>& paths,
                                            const std::vector<std::string>& columns,
                                            const RowChoice& choice) {
  ASSIGN_OR_RETURN(const std::string reader, FindReader());
  Json request = {{"columns", columns},         {"limit", choice.limit},
                  {"seed", choice.seed},        {"max_rows", choice.max_rows},
                  {"max_bytes", kMaxFileBytes}, {"memory_bytes", kMemoryBytes}};
  for (const std::string& path : paths) {
    request["files"].push_back({{"path", path}, {"format", TableFormat(path)}});
  }
  const std::string input = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  absl::StatusOr<ChildResult> result =
      RunChild({reader}, input, SteadyTime::Now() + kTimeout, kMaxOutputBytes);
  if (!result.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(paths.front(), ": cannot be read: ", result.status().message()));
  }
  if (result->exit_code != 0) {
    const std::string error(absl::StripAsciiWhitespace(result->err));
    return absl::InvalidArgumentError(
        !error.empty()
            ? error
            : absl::StrCat(paths.front(), ": cannot be read: ", kReader, " ended with exit code ",
                           result->exit_code, "; the file is damaged"));
  }
  std::vector<Json> lines;
  std::string_view rest = result->out;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    Json line = Json::parse(rest.substr(0, end), nullptr, /*allow_exceptions=*/false);
    if (line.is_discarded()) return absl::InternalError(absl::StrCat(kReader, ": no JSON"));
    lines.push_back(std::move(line));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const size_t headers = columns.empty() ? 1 : 2;
  if (lines.size() < headers) return absl::InternalError(absl::StrCat(kReader, ": no answer"));
  return lines;
}

}  // namespace

std::string TableFormat(const std::string& path) {
  const std::string name = absl::AsciiStrToLower(path);
  const auto* const found =
      std::find_if(std::begin(kFormats), std::end(kFormats),
                   [&](const FormatName& format) { return name.ends_with(format.extension); });
  return found == std::end(kFormats) ? "" : found->format;
}

absl::StatusOr<std::vector<TableColumn>> ReadTableColumns(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<Json> lines, RunReader({path}, {}, {}));
  std::vector<TableColumn> columns;
  for (const Json& column : lines.front().at("columns")) {
    columns.push_back({.name = column.at("name"), .type = column.at("type")});
  }
  return columns;
}

absl::StatusOr<TableRows> ReadTableRows(const std::vector<std::string>& paths,
                                        const std::vector<std::string>& columns,
                                        const RowChoice& choice) {
  ASSIGN_OR_RETURN(std::vector<Json> lines, RunReader(paths, columns, choice));
  TableRows result{.total = lines.at(1).at("rows")};
  for (size_t i = 2; i < lines.size(); ++i) {
    result.rows.push_back({.file = lines[i].at("file"), .number = lines[i].at("row")});
    result.values.push_back(std::move(lines[i].at("values")));
  }
  return result;
}

}  // namespace assay::client
