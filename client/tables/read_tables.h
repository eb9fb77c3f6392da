// Answers the requests of assay to assay-table-reader.
#ifndef ASSAY_CLIENT_TABLES_READ_TABLES_H_
#define ASSAY_CLIENT_TABLES_READ_TABLES_H_

#include <ostream>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace assay::client {

// Reads tables as `request` says and writes JSON lines. The request:
//
//   {"files": [{"path": "a.csv", "format": "csv"}], "columns": ["id", "prompt"],
//    "limit": 10, "seed": 1, "max_rows": 10000, "max_bytes": 67108864, "memory_bytes": 1073741824}
//
// The first line is {"columns": [{"name": "id", "type": "string"}, ...]}, the columns of the first
// file. Without "columns" it is the only one. Otherwise the second is {"rows": 1234}, the number of
// rows of all files, and each further line {"file": 0, "row": 1, "values": {"id": ..., ...}} is one
// chosen row; rows are numbered from 1 in each file. "limit" chooses so many rows at random (0: all
// of them).
//
// INVALID_ARGUMENT "path: ...": the file cannot be opened or is damaged, lacks a column, has a cell
// that cannot be JSON, more than max_rows rows are chosen, their lines have more than max_bytes
// bytes, or the file needs more than memory_bytes. Errors about a cell have its row and column.
absl::Status ReadTables(const nlohmann::json& request, std::ostream& out);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TABLES_READ_TABLES_H_
