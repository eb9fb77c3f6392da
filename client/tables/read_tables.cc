// Answers the requests of assay to assay-table-reader.
#include "client/tables/read_tables.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "arrow/array.h"
#include "arrow/memory_pool.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "arrow/type.h"
#include "base/status_macros.h"
#include "client/tables/cell_json.h"
#include "client/tables/row_sample.h"
#include "client/tables/table_source.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

// More is a damaged file or not worth a sample's time.
constexpr int64_t kMaxRows = 1'000'000'000;

absl::Status Wrong(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

absl::Status FromArrow(const std::string& path, const arrow::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsOutOfMemory()) {
    return Wrong(path, absl::StrCat("reading it needs more memory than the limit (",
                                    status.message(), "); write it with smaller row groups"));
  }
  return Wrong(path, status.message());
}

// Calls `row` with the position within `batch` and the number of each wanted row of it.
template <typename Row>
absl::Status ForWanted(const RowBatch& batch, const std::vector<int64_t>& wanted, const Row& row) {
  const int64_t end = batch.first + batch.rows->num_rows();
  auto next = std::lower_bound(wanted.begin(), wanted.end(), batch.first);
  for (; next != wanted.end() && *next < end; ++next) {
    RETURN_IF_ERROR(row(*next - batch.first, *next));
  }
  return absl::OkStatus();
}

class Reading {
 public:
  Reading(const Json& request, std::ostream& out)
      : request_(request),
        columns_(request.value("columns", std::vector<std::string>())),
        pool_(new arrow::CappedMemoryPool(arrow::system_memory_pool(),
                                          request.at("memory_bytes").get<int64_t>())),
        out_(out) {}

  absl::Status Run() {
    for (const Json& file : request_.at("files")) {
      RETURN_IF_ERROR(Open(file.at("path").get<std::string>(), file.at("format")));
    }
    WriteColumns();
    if (columns_.empty()) return absl::OkStatus();
    std::vector<int64_t> counts;
    int64_t rows = 0;
    for (File& file : files_) {
      RETURN_IF_ERROR(CheckColumns(file));
      const auto count = file.source->CountRows();
      RETURN_IF_ERROR(FromArrow(file.path, count.status()));
      if (*count < 0 || *count > kMaxRows - rows) return Wrong(file.path, "has too many rows");
      counts.push_back(*count);
      rows += *count;
    }
    WriteLine({{"rows", rows}});
    return WriteRows(rows, counts);
  }

 private:
  struct File {
    std::string path;
    std::unique_ptr<TableSource> source;
  };

  absl::Status Open(std::string path, const std::string& format) {
    auto source = TableSource::Open(path, format, pool_);
    RETURN_IF_ERROR(FromArrow(path, source.status()));
    files_.push_back({.path = std::move(path), .source = *std::move(source)});
    return absl::OkStatus();
  }

  void WriteColumns() {
    Json columns = Json::array();
    for (const auto& field : files_.at(0).source->schema().fields()) {
      columns.push_back({{"name", field->name()}, {"type", field->type()->ToString()}});
    }
    WriteLine({{"columns", std::move(columns)}});
  }

  absl::Status CheckColumns(const File& file) const {
    for (const std::string& name : columns_) {
      const size_t count = file.source->schema().GetAllFieldIndices(name).size();
      if (count == 1) continue;
      return Wrong(file.path, absl::StrCat("has ", count, " columns named \"", name,
                                           "\"; exactly one is needed"));
    }
    return absl::OkStatus();
  }

  absl::Status WriteRows(int64_t rows, const std::vector<int64_t>& counts) {
    const std::vector<int64_t> sample =
        SampleRows(rows, request_.at("limit"), request_.at("seed").get<uint64_t>());
    const auto max_rows = request_.at("max_rows").get<int64_t>();
    if (static_cast<int64_t>(sample.size()) > max_rows) {
      return Wrong(files_.front().path, absl::StrCat("has ", rows, " rows; at most ", max_rows,
                                                     " can be read: take a random sample of them"));
    }
    int64_t first = 0;
    for (size_t i = 0; i < files_.size(); ++i) {
      std::vector<int64_t> wanted;
      for (const int64_t row : sample) {
        if (row >= first && row < first + counts[i]) wanted.push_back(row - first);
      }
      first += counts[i];
      if (!wanted.empty()) RETURN_IF_ERROR(WriteFile(i, wanted));
    }
    return absl::OkStatus();
  }

  absl::Status WriteFile(size_t index, const std::vector<int64_t>& wanted) {
    const File& file = files_[index];
    absl::Status status;
    size_t written = 0;
    const arrow::Status visited =
        file.source->Visit(columns_, wanted, [&](const RowBatch& batch) -> arrow::Status {
          status = WriteBatch(index, batch, wanted, &written);
          return status.ok() ? arrow::Status::OK() : arrow::Status::Cancelled("");
        });
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(FromArrow(file.path, visited));
    if (written == wanted.size()) return absl::OkStatus();
    return Wrong(file.path, absl::StrCat("is damaged: its header states more rows than it has; ",
                                         written, " of ", wanted.size(), " could be read"));
  }

  absl::Status WriteBatch(size_t index, const RowBatch& batch, const std::vector<int64_t>& wanted,
                          size_t* written) {
    RETURN_IF_ERROR(Validate(index, batch));
    return ForWanted(batch, wanted, [&](int64_t position, int64_t row) -> absl::Status {
      Json values = Json::object();
      for (const std::string& name : columns_) {
        ASSIGN_OR_RETURN(values[name], Cell(index, batch, name, position));
      }
      ++*written;
      WriteLine({{"file", index}, {"row", row + 1}, {"values", std::move(values)}});
      if (bytes_ <= request_.at("max_bytes").get<size_t>()) return absl::OkStatus();
      return Wrong(files_[index].path,
                   absl::StrCat("its chosen rows have more than ",
                                request_.at("max_bytes").get<size_t>() >> 20U,
                                " MiB of text: take a smaller random sample of them"));
    });
  }

  // Offsets and lengths in a damaged file may point outside of its buffers.
  absl::Status Validate(size_t index, const RowBatch& batch) const {
    for (const std::string& name : columns_) {
      const auto column = batch.rows->GetColumnByName(name);
      if (column == nullptr) return Wrong(files_[index].path, "a batch lacks a column");
      const arrow::Status valid = column->ValidateFull();
      if (valid.ok()) continue;
      RETURN_IF_ERROR(FindInvalidText(index, batch, name, *column));
      return Wrong(files_[index].path, absl::StrCat("rows ", batch.first + 1, " to ",
                                                    batch.first + batch.rows->num_rows(),
                                                    ": column \"", name, "\": ", valid.message()));
    }
    return absl::OkStatus();
  }

  // Returns the error of the first text that is not UTF-8, if that is all that is wrong.
  absl::Status FindInvalidText(size_t index, const RowBatch& batch, const std::string& name,
                               const arrow::Array& column) const {
    const bool is_text = column.type_id() == arrow::Type::STRING;
    if (!is_text && column.type_id() != arrow::Type::LARGE_STRING) return absl::OkStatus();
    const auto bytes = column.View(is_text ? arrow::binary() : arrow::large_binary());
    if (!bytes.ok() || !(*bytes)->ValidateFull().ok()) return absl::OkStatus();
    for (int64_t i = 0; i < column.length(); ++i) {
      RETURN_IF_ERROR(Cell(index, batch, name, i).status());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Json> Cell(size_t index, const RowBatch& batch, const std::string& name,
                            int64_t position) const {
    const auto value = batch.rows->GetColumnByName(name)->GetScalar(position);
    absl::StatusOr<Json> json =
        value.ok() ? CellJson(**value) : absl::InvalidArgumentError(value.status().message());
    if (json.ok()) return json;
    return Wrong(files_[index].path, absl::StrCat("row ", batch.first + position + 1, ": column \"",
                                                  name, "\" ", json.status().message()));
  }

  void WriteLine(const Json& line) {
    // Names of columns may be no UTF-8.
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
    bytes_ += text.size() + 1;
    out_ << text << '\n';
  }

  const Json& request_;
  const std::vector<std::string> columns_;
  // Never destroyed: a thread of Arrow may still read ahead in a file that is no longer needed.
  arrow::CappedMemoryPool* const pool_;
  std::ostream& out_;
  std::vector<File> files_;
  size_t bytes_ = 0;
};

}  // namespace

absl::Status ReadTables(const Json& request, std::ostream& out) {
  return Reading(request, out).Run();
}

}  // namespace assay::client
