// Wraps SQLite with RAII and absl::Status, independent of any schema.
#ifndef ASSAY_EVALUATOR_STORE_SQLITE_H_
#define ASSAY_EVALUATOR_STORE_SQLITE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/steady_time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace assay::evaluator::sqlite {

// How long an operation waits for the lock of another process.
inline constexpr int kBusyTimeoutMs = 5000;

// One prepared statement. Parameters are numbered from 1 in the order of Bind's arguments, columns
// from 0. The first error of Bind() is returned by Step() or Run(). Not thread-safe. Must not
// outlive its Database.
class Statement {
 public:
  template <typename... Values>
  Statement& Bind(const Values&... values) {
    int position = 0;
    (BindOne(++position, values), ...);
    return *this;
  }

  // Returns true if there is a row to read, false after the last row.
  absl::StatusOr<bool> Step();
  // Steps to the end and discards all rows.
  absl::Status Run();
  // Clears the parameters and errors, so that the statement can be bound and run again.
  void Reset();

  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  // Returns 0 for NULL. SQLite stores NaN as NULL.
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
  void RecordBindResult(int result);

  class Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  absl::Status bind_status_;
};

// One connection to a database file, which may be opened later. Not thread-safe. Errors have codes
// by meaning and messages with the path: PERMISSION_DENIED, DATA_LOSS (corrupt or not a database),
// RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (locked), NOT_FOUND (foreign key), ALREADY_EXISTS
// (unique key).
class Database {
 public:
  // Opens the file and creates it if necessary. The folder must exist. Every operation on the
  // connection waits up to kBusyTimeoutMs for the lock of another process.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  // Opens a file that no process writes, for reading, without locks and without writing anything.
  // A log of earlier writes that were not written back to the file is not read.
  static absl::StatusOr<std::unique_ptr<Database>> OpenUnchanging(const std::string& path);

  // Sets a connection up that was just opened.
  using SetUpFn = std::function<absl::Status(Database& database)>;
  // Opens the file and sets it up. If the disk has no room for that (RESOURCE_EXHAUSTED), returns a
  // database that is not open: each operation tries again, at most once a second, and returns the
  // error until it succeeds.
  static absl::StatusOr<std::unique_ptr<Database>> OpenWhenPossible(const std::string& path,
                                                                    SetUpFn set_up);

  // Runs one or more statements without parameters.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // Returns the single integer that `sql` yields.
  absl::StatusOr<int64_t> QueryInteger(std::string_view sql);
  // Returns the number of rows that the last statement changed.
  int64_t Changes() const;
  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  absl::Status Error(int result) const;
  // Opens the connection if it is not open.
  absl::Status Connect();

  std::string path_;
  // Null if the connection is not open; set_up_ is then not null.
  std::unique_ptr<sqlite3, Close> handle_;
  SetUpFn set_up_;
  absl::Status connect_error_;
  SteadyTime next_attempt_ = SteadyTime::InfinitePast();
};

// A transaction, begun with BEGIN IMMEDIATE. The destructor rolls it back unless it was committed.
// Must not outlive its Database.
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

// A read transaction: between its begin and its end, all statements see one state of the database,
// and writers of other connections do not wait. Must not outlive its Database.
class Snapshot {
 public:
  static absl::StatusOr<Snapshot> Begin(Database* database);
  Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot();

 private:
  explicit Snapshot(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace assay::evaluator::sqlite

#endif  // ASSAY_EVALUATOR_STORE_SQLITE_H_
