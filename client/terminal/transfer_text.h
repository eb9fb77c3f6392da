// The progress of a download as text.
#ifndef ASSAY_CLIENT_TERMINAL_TRANSFER_TEXT_H_
#define ASSAY_CLIENT_TERMINAL_TRANSFER_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/terminal/report.h"

namespace assay::client {

// Returns "12.0 MiB of 103.4 MiB, 8.0 MiB/s, 11s left" for a PullProgress or a LoadProgress. Empty
// while the size is unknown.
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

#endif  // ASSAY_CLIENT_TERMINAL_TRANSFER_TEXT_H_
