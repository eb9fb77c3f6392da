// Tables in CSV, TSV, Parquet and Arrow files.
#include "client/tables/table_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "arrow/csv/api.h"
#include "arrow/io/file.h"
#include "arrow/ipc/reader.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "parquet/arrow/reader.h"
#include "parquet/file_reader.h"
#include "parquet/schema.h"

namespace assay::client {
namespace {

using Visitor = std::function<arrow::Status(const RowBatch&)>;

// A row of a CSV file must fit into two blocks.
constexpr int32_t kCsvBlockBytes = 8 << 20;
constexpr int64_t kParquetBufferBytes = int64_t{1} << 20;
constexpr int64_t kBatchRows = 256;
constexpr char kIpcFileMagic[] = "ARROW1";
constexpr char kFeatherV1Magic[] = "FEA1";

bool HasWanted(const std::vector<int64_t>& wanted, int64_t first, int64_t count) {
  const auto found = std::lower_bound(wanted.begin(), wanted.end(), first);
  return found != wanted.end() && *found < first + count;
}

arrow::Status VisitReader(arrow::RecordBatchReader& reader, int64_t first, const Visitor& visit) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> batch, reader.Next());
    if (batch == nullptr) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(visit({.first = first, .rows = batch}));
    first += batch->num_rows();
  }
}

arrow::Result<int64_t> CountReader(arrow::RecordBatchReader& reader) {
  int64_t rows = 0;
  ARROW_RETURN_NOT_OK(VisitReader(reader, 0, [&rows](const RowBatch& batch) {
    rows += batch.rows->num_rows();
    return arrow::Status::OK();
  }));
  return rows;
}

class CsvSource final : public TableSource {
 public:
  CsvSource(std::string path, char delimiter, arrow::MemoryPool* pool)
      : path_(std::move(path)), delimiter_(delimiter), pool_(pool) {}

  // Reads the names of the columns.
  arrow::Status ReadHeader() {
    const auto opened = Reader({}, nullptr);
    if (!opened.ok()) return Better(opened.status());
    const std::shared_ptr<arrow::csv::StreamingReader>& reader = *opened;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const std::string& name : reader->schema()->field_names()) {
      fields.push_back(arrow::field(name, arrow::binary()));
    }
    schema_ = arrow::schema(std::move(fields));
    return arrow::Status::OK();
  }

  const arrow::Schema& schema() const override { return *schema_; }

  arrow::Result<int64_t> CountRows() override {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Reader({schema_->field(0)->name()}, schema_.get()));
    const auto count = CountReader(*reader);
    return count.ok() ? count : Better(count.status());
  }

  arrow::Status Visit(const std::vector<std::string>& columns,
                      const std::vector<int64_t>& /*wanted*/, const Visitor& visit) override {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Reader(columns, schema_.get()));
    const arrow::Status visited = VisitReader(*reader, 0, visit);
    return visited.ok() || visited.IsCancelled() ? visited : Better(visited);
  }

 private:
  // Returns the error of the row that does not fit, if there was one. Arrow's own counts the line
  // of the names as a row.
  arrow::Status Better(const arrow::Status& status) const {
    return wrong_row_->empty() ? status : arrow::Status::Invalid(*wrong_row_);
  }

  // Without a schema the types are guessed; the caller ignores them.
  arrow::Result<std::shared_ptr<arrow::csv::StreamingReader>> Reader(
      const std::vector<std::string>& columns, const arrow::Schema* schema) const {
    ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path_, pool_));
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;
    read.block_size = kCsvBlockBytes;
    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.delimiter = delimiter_;
    parse.newlines_in_values = true;
    parse.invalid_row_handler = [wrong_row = wrong_row_](const arrow::csv::InvalidRow& row) {
      const bool open_quote = std::count(row.text.begin(), row.text.end(), '"') % 2 == 1;
      *wrong_row = absl::StrCat("row ", row.number - 1, ": has ", row.actual_columns,
                                row.actual_columns == 1 ? " field" : " fields", ", but there are ",
                                row.expected_columns, " columns",
                                open_quote ? "; a quote is not closed" : "");
      return arrow::csv::InvalidRowResult::Error;
    };
    auto convert = arrow::csv::ConvertOptions::Defaults();
    convert.check_utf8 = false;
    convert.include_columns = columns;
    if (schema != nullptr) {
      for (const auto& field : schema->fields()) {
        convert.column_types[field->name()] = field->type();
      }
    }
    return arrow::csv::StreamingReader::Make(arrow::io::IOContext(pool_), file, read, parse,
                                             convert);
  }

  const std::string path_;
  const char delimiter_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Schema> schema_;
  // Shared with readers that may outlive their use.
  const std::shared_ptr<std::string> wrong_row_ = std::make_shared<std::string>();
};

class ParquetSource final : public TableSource {
 public:
  static arrow::Result<std::unique_ptr<TableSource>> Open(
      const std::shared_ptr<arrow::io::RandomAccessFile>& file, arrow::MemoryPool* pool) {
    auto source = std::make_unique<ParquetSource>();
    parquet::ReaderProperties properties(pool);
    properties.enable_buffered_stream();
    properties.set_buffer_size(kParquetBufferBytes);
    properties.set_page_checksum_verification(true);
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kBatchRows);
    // Pre-buffering would hold whole row groups in memory.
    arrow_properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(file, properties));
    builder.memory_pool(pool)->properties(arrow_properties);
    ARROW_ASSIGN_OR_RAISE(source->reader_, builder.Build());
    ARROW_RETURN_NOT_OK(source->reader_->GetSchema(&source->schema_));
    return source;
  }

  const arrow::Schema& schema() const override { return *schema_; }

  arrow::Result<int64_t> CountRows() override {
    return reader_->parquet_reader()->metadata()->num_rows();
  }

  arrow::Status Visit(const std::vector<std::string>& columns, const std::vector<int64_t>& wanted,
                      const Visitor& visit) override {
    const auto metadata = reader_->parquet_reader()->metadata();
    const parquet::SchemaDescriptor& leaves = *metadata->schema();
    std::vector<int> indices;
    for (int i = 0; i < leaves.num_columns(); ++i) {
      const std::string& name = leaves.GetColumnRoot(i)->name();
      if (std::find(columns.begin(), columns.end(), name) != columns.end()) indices.push_back(i);
    }
    int64_t first = 0;
    for (int group = 0; group < metadata->num_row_groups(); ++group) {
      const int64_t rows = metadata->RowGroup(group)->num_rows();
      if (HasWanted(wanted, first, rows)) {
        ARROW_ASSIGN_OR_RAISE(const auto reader, reader_->GetRecordBatchReader({group}, indices));
        ARROW_RETURN_NOT_OK(VisitReader(*reader, first, visit));
      }
      first += rows;
    }
    return arrow::Status::OK();
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
};

std::vector<int> Indices(const arrow::Schema& schema, const std::vector<std::string>& columns) {
  std::vector<int> indices;
  for (const std::string& name : columns) indices.push_back(schema.GetFieldIndex(name));
  std::sort(indices.begin(), indices.end());
  return indices;
}

class IpcFileSource final : public TableSource {
 public:
  IpcFileSource(std::shared_ptr<arrow::io::RandomAccessFile> file, arrow::MemoryPool* pool)
      : file_(std::move(file)) {
    options_.memory_pool = pool;
    options_.use_threads = false;
  }

  arrow::Status ReadHeader() {
    ARROW_ASSIGN_OR_RAISE(reader_, arrow::ipc::RecordBatchFileReader::Open(file_, options_));
    return arrow::Status::OK();
  }

  const arrow::Schema& schema() const override { return *reader_->schema(); }
  arrow::Result<int64_t> CountRows() override { return reader_->CountRows(); }

  arrow::Status Visit(const std::vector<std::string>& columns,
                      const std::vector<int64_t>& /*wanted*/, const Visitor& visit) override {
    arrow::ipc::IpcReadOptions options = options_;
    options.included_fields = Indices(*reader_->schema(), columns);
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          arrow::ipc::RecordBatchFileReader::Open(file_, options));
    int64_t first = 0;
    for (int i = 0; i < reader->num_record_batches(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, reader->ReadRecordBatch(i));
      ARROW_RETURN_NOT_OK(visit({.first = first, .rows = batch}));
      first += batch->num_rows();
    }
    return arrow::Status::OK();
  }

 private:
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  arrow::ipc::IpcReadOptions options_ = arrow::ipc::IpcReadOptions::Defaults();
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_;
};

class IpcStreamSource final : public TableSource {
 public:
  IpcStreamSource(std::string path, arrow::MemoryPool* pool)
      : path_(std::move(path)), pool_(pool) {}

  arrow::Status ReadHeader() {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Reader({}));
    schema_ = reader->schema();
    return arrow::Status::OK();
  }

  const arrow::Schema& schema() const override { return *schema_; }

  arrow::Result<int64_t> CountRows() override {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Reader({0}));
    return CountReader(*reader);
  }

  arrow::Status Visit(const std::vector<std::string>& columns,
                      const std::vector<int64_t>& /*wanted*/, const Visitor& visit) override {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Reader(Indices(*schema_, columns)));
    return VisitReader(*reader, 0, visit);
  }

 private:
  arrow::Result<std::shared_ptr<arrow::ipc::RecordBatchStreamReader>> Reader(
      std::vector<int> fields) const {
    ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path_, pool_));
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.memory_pool = pool_;
    options.use_threads = false;
    options.included_fields = std::move(fields);
    return arrow::ipc::RecordBatchStreamReader::Open(file, options);
  }

  const std::string path_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Schema> schema_;
};

template <typename Source>
arrow::Result<std::unique_ptr<TableSource>> WithHeader(std::unique_ptr<Source> source) {
  ARROW_RETURN_NOT_OK(source->ReadHeader());
  return source;
}

}  // namespace

arrow::Result<std::unique_ptr<TableSource>> TableSource::Open(const std::string& path,
                                                              const std::string& format,
                                                              arrow::MemoryPool* pool) {
  if (format == "csv" || format == "tsv") {
    return WithHeader(std::make_unique<CsvSource>(path, format == "csv" ? ',' : '\t', pool));
  }
  // Not memory-mapped: a file that shrinks while it is read would end the process.
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path, pool));
  if (format == "parquet") return ParquetSource::Open(file, pool);
  if (format != "arrow") return arrow::Status::Invalid("the format ", format, " is unknown");
  ARROW_ASSIGN_OR_RAISE(const auto magic, file->ReadAt(0, sizeof(kIpcFileMagic) - 1));
  if (magic->ToString() == kIpcFileMagic) {
    return WithHeader(std::make_unique<IpcFileSource>(file, pool));
  }
  if (magic->ToString().starts_with(kFeatherV1Magic)) {
    return arrow::Status::Invalid(
        "the file is in Feather version 1, which is not supported; write it again with a current "
        "version of Arrow");
  }
  return WithHeader(std::make_unique<IpcStreamSource>(path, pool));
}

}  // namespace assay::client
