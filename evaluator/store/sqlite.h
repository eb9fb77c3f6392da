// SQLite behind RAII and absl::Status. Knows no schema.
#ifndef ASSAY_EVALUATOR_STORE_SQLITE_H_
#define ASSAY_EVALUATOR_STORE_SQLITE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace assay::evaluator::sqlite {

// One prepared statement. Parameters are numbered from 1 in the order of Bind's arguments; columns
// from 0. The first failed bind is kept and comes back from Step() or Run(). Not thread-safe; must
// not outlive its Database.
class Statement {
 public:
  template <typename... Values>
  Statement& Bind(const Values&... values) {
    int position = 0;
    (BindOne(++position, values), ...);
    return *this;
  }

  // True: there is a row to read. False: done.
  absl::StatusOr<bool> Step();
  // Steps to the end; rows are thrown away.
  absl::Status Run();
  // Ready for another Bind.
  void Reset();

  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  // 0 for NULL, as SQLite stores NaN.
  double Real(int column) const;
  std::string Text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(class Database* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  void BindOne(int position, int value) { BindOne(position, int64_t{value}); }
  void BindOne(int position, int64_t value);
  void BindOne(int position, double value);
  void BindOne(int position, std::string_view value);
  void BindOne(int position, std::nullopt_t value);
  template <typename T>
  void BindOne(int position, const std::optional<T>& value) {
    value ? BindOne(position, *value) : BindOne(position, std::nullopt);
  }
  void Keep(int result);

  class Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  absl::Status bind_status_;
};

// One connection. Not thread-safe.
class Database {
 public:
  // Creates the file if need be; the folder must exist. Waits up to 5 s for another process's lock.
  // Statuses, here and below, by meaning, each message with the path: PERMISSION_DENIED, DATA_LOSS
  // (corrupt or not a database), RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (locked), NOT_FOUND
  // (foreign key), ALREADY_EXISTS (unique key).
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  // One or more statements without parameters.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // The single integer that `sql` yields.
  absl::StatusOr<int64_t> QueryInteger(std::string_view sql);
  // Rows the last statement changed.
  int64_t Changes() const;
  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  absl::Status Error(int result) const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// BEGIN IMMEDIATE; rolled back by the destructor unless committed.
class Transaction {
 public:
  static absl::StatusOr<Transaction> Begin(Database* database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace assay::evaluator::sqlite

#endif  // ASSAY_EVALUATOR_STORE_SQLITE_H_
