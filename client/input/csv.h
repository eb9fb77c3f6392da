// Comma-separated values.
#ifndef ASSAY_CLIENT_INPUT_CSV_H_
#define ASSAY_CLIENT_INPUT_CSV_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::client {

struct CsvRow {
  // The line in which the row begins, from 1.
  size_t line = 0;
  std::vector<std::string> fields;
};

// Parses RFC 4180: fields may be quoted, and quoted ones may contain commas, line breaks and
// doubled quotes. Lines end in \n or \r\n. Empty lines are left out. INVALID_ARGUMENT "line 3:
// ...": a quote is not closed or is inside an unquoted field.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(std::string_view text);

// Returns one line with its line break. Fields are quoted where necessary.
std::string CsvLine(std::span<const std::string> fields);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_CSV_H_
