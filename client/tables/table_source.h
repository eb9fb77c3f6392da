// Tables in CSV, TSV, Parquet and Arrow files.
#ifndef ASSAY_CLIENT_TABLES_TABLE_SOURCE_H_
#define ASSAY_CLIENT_TABLES_TABLE_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/result.h"
#include "arrow/status.h"
#include "arrow/type_fwd.h"

namespace assay::client {

// Consecutive rows of a table; `first` is the number of the first one, from 0.
struct RowBatch {
  int64_t first;
  std::shared_ptr<arrow::RecordBatch> rows;
};

// One file. The columns of CSV and TSV are binary: no type is guessed. Reads with one thread, a
// batch or a row group's pages at a time, and allocates from the pool only. The content of batches
// is not validated. Not thread-safe.
class TableSource {
 public:
  // `format` is "csv", "tsv", "parquet" or "arrow" (an IPC file or stream, also Feather version 2).
  // `pool` must outlive the source. The first line of a CSV file has the names of the columns.
  static arrow::Result<std::unique_ptr<TableSource>> Open(const std::string& path,
                                                          const std::string& format,
                                                          arrow::MemoryPool* pool);
  virtual ~TableSource() = default;

  virtual const arrow::Schema& schema() const = 0;
  // Reads the whole file if it does not state the number.
  virtual arrow::Result<int64_t> CountRows() = 0;
  // Calls `visit` with the rows in order, until it fails. The batches have the named columns of the
  // schema, in any order. Parts without a row in `wanted` (numbers from 0, ascending) may be left
  // out.
  virtual arrow::Status Visit(const std::vector<std::string>& columns,
                              const std::vector<int64_t>& wanted,
                              const std::function<arrow::Status(const RowBatch&)>& visit) = 0;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TABLES_TABLE_SOURCE_H_
