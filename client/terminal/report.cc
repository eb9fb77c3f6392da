// Formats JSON lines, tables and units.
#include "client/terminal/report.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/utf8.h"
#include "google/protobuf/util/json_util.h"

namespace assay::client {
namespace {

constexpr char kGap[] = "  ";
constexpr double kBytesPerMiB = 1024.0 * 1024.0;
constexpr double kMiBPerGiB = 1024.0;
constexpr int kSecondsPerMinute = 60;

// The number of terminal columns of UTF-8 text, assuming one per character.
size_t Columns(const std::string& text) { return CountUtf8Characters(text); }

void AppendRow(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
               int first_right, std::string& out) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string pad(widths[i] - Columns(cells[i]), ' ');
    const bool right = first_right >= 0 && i >= static_cast<size_t>(first_right);
    if (i > 0) line += kGap;
    line += right ? pad + cells[i] : cells[i] + pad;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  absl::StrAppend(&out, line, "\n");
}

}  // namespace

void WriteJson(const google::protobuf::Message& message, const Streams& streams) {
  std::string json;
  // Fails only for an Any of unknown type, which the contract does not have.
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  streams.out << (streams.out_is_terminal ? OneLine(json) : json) << "\n" << std::flush;
}

std::string FormatTable(const Table& table) {
  std::vector<size_t> widths;
  widths.reserve(table.header.size());
  for (const std::string& cell : table.header) widths.push_back(Columns(cell));
  for (const std::vector<std::string>& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  std::string out;
  AppendRow(table.header, widths, table.first_right, out);
  for (const std::vector<std::string>& row : table.rows) {
    AppendRow(row, widths, table.first_right, out);
  }
  return out;
}

std::string FormatBytes(int64_t bytes) {
  const double mib = static_cast<double>(bytes) / kBytesPerMiB;
  if (mib >= kMiBPerGiB) return absl::StrFormat("%.2f GiB", mib / kMiBPerGiB);
  return absl::StrFormat("%.1f MiB", mib);
}

std::string FormatSeconds(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(seconds, 0.0)));
  if (whole < kSecondsPerMinute) return absl::StrCat(whole, "s");
  return absl::StrFormat("%dm %02ds", whole / kSecondsPerMinute, whole % kSecondsPerMinute);
}

std::string FormatUsd(double usd) {
  if (usd <= 0) return "$0";
  const int leading_zeros = std::max(0, static_cast<int>(-std::floor(std::log10(usd))) - 1);
  return absl::StrFormat("$%.*f", leading_zeros + 2, usd);
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixSeconds(time.seconds()),
                          absl::LocalTimeZone());
}

std::string EnumWord(std::string_view name, std::string_view prefix) {
  std::string word(name.substr(name.substr(0, prefix.size()) == prefix ? prefix.size() : 0));
  absl::AsciiStrToLower(&word);
  return word;
}

}  // namespace assay::client
