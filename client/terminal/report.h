// JSON lines, tables and units for the terminal.
#ifndef ASSAY_CLIENT_TERMINAL_REPORT_H_
#define ASSAY_CLIENT_TERMINAL_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/console.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace assay::client {

// Writes the message to out as protobuf JSON on one line and flushes: names are camelCase, and
// fields with default values are left out.
void WriteJson(const google::protobuf::Message& message, const Streams& streams);

// A table whose columns are as wide as their widest cell. Columns from `first_right` on are aligned
// right (-1: none). Cells are printed as they are: text of a server or a model must pass through
// OneLine() first.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  int first_right = -1;
};
// Returns one line per row, the header first.
std::string FormatTable(const Table& table);

// Returns "103.4 MiB", or "1.25 GiB" from 1 GiB on.
std::string FormatBytes(int64_t bytes);
// Returns "45s" or "1m 05s". Negative values count as 0.
std::string FormatSeconds(double seconds);
// Returns "$0.0000017": two significant digits below one dollar.
std::string FormatUsd(double usd);
// Returns "2026-01-31 10:15:00" in local time, or "-" if `time` is unset.
std::string FormatTime(const google::protobuf::Timestamp& time);

// Returns the name of an enum value without its prefix, in lower case: "ready" for
// "MODEL_STATE_READY" and "MODEL_STATE_".
std::string EnumWord(std::string_view name, std::string_view prefix);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_REPORT_H_
