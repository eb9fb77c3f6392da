// Python's datetime.strftime() of a time without a time zone.
#include "engine/jinja/builtins/local_time.h"

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace assay::jinja {
namespace {

constexpr size_t kMaxFormatBytes = 256;
constexpr size_t kMaxResultBytes = 64 << 10;

// Replaces what the C library does not know, or formats differently.
std::string ReplaceFields(std::string_view format, absl::Time time) {
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    if (c != '%' || at + 1 == format.size()) {
      out += c;
      continue;
    }
    const char field = format[++at];
    if (field == 'f') {
      absl::StrAppendFormat(&out, "%06d", absl::ToUnixMicros(time) % 1'000'000);
    } else if (field != 'z' && field != 'Z') {
      out += {c, field};
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> FormatLocalTime(absl::Time time, std::string_view format) {
  if (format.size() > kMaxFormatBytes) {
    return absl::InvalidArgumentError(absl::StrCat("strftime_now: a format of ", format.size(),
                                                   " bytes; at most ", kMaxFormatBytes));
  }
  if (format.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("strftime_now: the format has a null character");
  }
  std::tm fields = absl::ToTM(time, absl::LocalTimeZone());
  fields.tm_isdst = -1;
  // The leading character distinguishes an empty result from one that does not fit.
  const std::string wanted = " " + ReplaceFields(format, time);
  std::string out(kMaxResultBytes, '\0');
  const size_t length = std::strftime(out.data(), out.size(), wanted.c_str(), &fields);
  if (length == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("strftime_now: the result has more than ", kMaxResultBytes, " bytes"));
  }
  out.resize(length);
  return out.substr(1);
}

}  // namespace assay::jinja
