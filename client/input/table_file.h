// Tables of prompts or ratings: CSV, TSV, Parquet and Arrow files.
#ifndef ASSAY_CLIENT_INPUT_TABLE_FILE_H_
#define ASSAY_CLIENT_INPUT_TABLE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::client {

// Returns "csv", "tsv", "parquet" or "arrow" by the extension (.csv, .tsv, .parquet, .arrow,
// .feather; case does not matter), or an empty string: the file is no table.
std::string TableFormat(const std::string& path);

// The name and the Arrow type of a column.
struct TableColumn {
  std::string name;
  std::string type;
};

// One row. `number` is its number in its file, from 1; the line with the names of a CSV file is not
// counted.
struct TableRow {
  size_t file = 0;
  int64_t number = 0;
};

// Which rows to read.
struct RowChoice {
  // Reads so many rows, chosen at random. 0: all rows.
  int64_t limit = 0;
  uint64_t seed = 0;
  // It is an error if more rows are chosen. The default is the server's limit of prompts.
  int64_t max_rows = 10'000;
};

// The rows that were chosen; `values` has one JSON object per row.
struct TableRows {
  std::vector<TableRow> rows;
  std::vector<nlohmann::json> values;
  // The number of rows of all files.
  int64_t total = 0;
};

// Each of these starts the program assay-table-reader, which must be installed with `assay`
// (lib/assay/ beside bin/) or lie beside it. The program has 10 minutes and 1 GiB of memory; it
// reads at most 64 MiB of text. Errors are INVALID_ARGUMENT
// "file: row 3: ..."; FAILED_PRECONDITION: the program is missing.

// Returns the columns of a file.
absl::StatusOr<std::vector<TableColumn>> ReadTableColumns(const std::string& path);

// Returns the chosen rows of the files with these columns, in the order of the files and rows.
absl::StatusOr<TableRows> ReadTableRows(const std::vector<std::string>& paths,
                                        const std::vector<std::string>& columns,
                                        const RowChoice& choice);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_TABLE_FILE_H_
