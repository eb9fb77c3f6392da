// Messages of the contract as JSON lines and as tables.
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

// Writes the message to out as protobuf JSON on one line, flushed: camelCase names, fields with
// default values left out.
void WriteJson(const google::protobuf::Message& message, const Streams& streams);

// Columns as wide as their widest cell; columns from `first_right` on are right-aligned (-1: none).
// Cells are taken as they are: pass them through OneLine where a server or model wrote them.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  int first_right = -1;
};
std::string FormatTable(const Table& table);

// "103.4 MiB".
std::string FormatBytes(int64_t bytes);
// "1m 05s".
std::string FormatSeconds(double seconds);
// "$0.0000017": at least two digits that matter.
std::string FormatUsd(double usd);
// "2026-01-31 10:15:00" in local time; "-" when unset.
std::string FormatTime(const google::protobuf::Timestamp& time);

// "MODEL_STATE_READY", "MODEL_STATE_" -> "ready".
std::string EnumWord(std::string_view name, std::string_view prefix);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_REPORT_H_
