// Writes comma-separated values (RFC 4180). client/tables reads them.
#ifndef ASSAY_CLIENT_INPUT_CSV_H_
#define ASSAY_CLIENT_INPUT_CSV_H_

#include <span>
#include <string>

namespace assay::client {

// Returns one line with its line break. Fields are quoted where necessary.
std::string CsvLine(std::span<const std::string> fields);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_CSV_H_
