// How downloads are told.
#ifndef ASSAY_CLIENT_COMMANDS_TRANSFER_H_
#define ASSAY_CLIENT_COMMANDS_TRANSFER_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/terminal/report.h"

namespace assay::client {

// "12.0 MiB of 103.4 MiB, 8.0 MiB/s, 11s left", of a PullProgress or a LoadProgress; empty where
// the size is not known yet.
template <typename Progress>
std::string TransferText(const Progress& progress) {
  if (progress.bytes_total() == 0) return "";
  std::string text =
      absl::StrCat(FormatBytes(progress.bytes_done()), " of ", FormatBytes(progress.bytes_total()));
  if (progress.bytes_per_second() > 0) {
    absl::StrAppend(&text, ", ", FormatBytes(static_cast<int64_t>(progress.bytes_per_second())),
                    "/s");
  }
  if (progress.has_time_left_seconds()) {
    absl::StrAppend(&text, ", ", FormatSeconds(progress.time_left_seconds()), " left");
  }
  return text;
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_TRANSFER_H_
