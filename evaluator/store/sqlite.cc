// Wraps SQLite with RAII and absl::Status.
#include "evaluator/store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/disk_room.h"
#include "base/status_macros.h"

namespace assay::evaluator::sqlite {
namespace {

// The time between two attempts to open a file on a full disk.
constexpr absl::Duration kConnectInterval = absl::Seconds(1);
// The mask of the primary code in an extended result code.
constexpr int kPrimaryCodeMask = 0xff;

absl::StatusCode CodeOf(int result, int system_error) {
  switch (result) {
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return absl::StatusCode::kNotFound;
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
      return absl::StatusCode::kAlreadyExists;
    default:
      break;
  }
  switch (result & kPrimaryCodeMask) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return absl::StatusCode::kDataLoss;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      if (system_error == EACCES || system_error == EPERM || system_error == EROFS) {
        return absl::StatusCode::kPermissionDenied;
      }
      // A failed write is mostly a quota or the process's limit of a file's size (RLIMIT_FSIZE),
      // whose error number SQLite does not keep. For a full disk, it returns SQLITE_FULL, or
      // SQLITE_IOERR_SHMSIZE or SQLITE_IOERR_SHMOPEN while it opens the file.
      if (result == SQLITE_IOERR_WRITE || result == SQLITE_IOERR_SHMSIZE ||
          result == SQLITE_IOERR_SHMOPEN || system_error == ENOSPC || system_error == EDQUOT) {
        return absl::StatusCode::kResourceExhausted;
      }
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::string_view Advice(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kResourceExhausted:
      return "; free some space on that disk";
    case absl::StatusCode::kDataLoss:
      return "; move the file away or restore a backup";
    case absl::StatusCode::kPermissionDenied:
      return "; make the file and its folder writable for this user";
    case absl::StatusCode::kUnavailable:
      return "; another process has locked it";
    default:
      return "";
  }
}

// Replaces sqlite3_system_errno(), which is useless here: after a failure SQLite retries read-only,
// and the error of that attempt is that the file does not exist.
bool FolderIsWritable(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  return faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ||
         (errno != EACCES && errno != EROFS);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::RecordBindResult(int result) {
  if (result != SQLITE_OK) bind_status_.Update(database_->Error(result));
}

void Statement::BindOne(int position, int64_t value) {
  RecordBindResult(sqlite3_bind_int64(statement_.get(), position, value));
}

void Statement::BindOne(int position, double value) {
  RecordBindResult(sqlite3_bind_double(statement_.get(), position, value));
}

void Statement::BindOne(int position, std::string_view value) {
  // A null pointer would bind NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  RecordBindResult(sqlite3_bind_text64(statement_.get(), position, data, value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::BindOne(int position, std::nullopt_t /*value*/) {
  RecordBindResult(sqlite3_bind_null(statement_.get(), position));
}

absl::StatusOr<bool> Statement::Step() {
  if (!bind_status_.ok()) return bind_status_;
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return database_->Error(result);
}

absl::Status Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_status_ = absl::OkStatus();
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::Real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), size);
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  // SQLite would let everybody read the file. Its log and its index copy the mode of the file. An
  // error is found again by SQLite.
  const int created = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (created >= 0) close(created);
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  // std::make_unique cannot call the private constructor.
  std::unique_ptr<Database> database(new Database(path, handle));
  if (handle == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat(path, ": out of memory"));
  }
  sqlite3_extended_result_codes(handle, 1);
  if (result == SQLITE_CANTOPEN && !FolderIsWritable(path)) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": cannot be created", Advice(absl::StatusCode::kPermissionDenied)));
  }
  if (result != SQLITE_OK) return database->Error(result);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> Database::OpenUnchanging(const std::string& path) {
  // In a URI, these characters have a meaning.
  const std::string escaped = absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}});
  const std::string uri = absl::StrCat("file:", escaped, "?immutable=1");
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(uri.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(path, handle));
  if (handle == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat(path, ": out of memory"));
  }
  sqlite3_extended_result_codes(handle, 1);
  if (result != SQLITE_OK) return database->Error(result);
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> Database::OpenWhenPossible(const std::string& path,
                                                                     SetUpFn set_up) {
  std::unique_ptr<Database> database(new Database(path, nullptr));
  database->set_up_ = std::move(set_up);
  if (absl::Status s = database->Connect(); !s.ok() && !absl::IsResourceExhausted(s)) return s;
  return database;
}

absl::Status Database::Connect() {
  if (handle_ != nullptr) return absl::OkStatus();
  if (!next_attempt_.HasPassed()) return connect_error_;
  absl::StatusOr<std::unique_ptr<Database>> opened = Open(path_);
  connect_error_ = opened.status();
  if (opened.ok()) connect_error_ = set_up_(**opened);
  next_attempt_ = SteadyTime::Now() + kConnectInterval;
  if (connect_error_.ok()) handle_ = std::move((*opened)->handle_);
  return connect_error_;
}

absl::Status Database::Error(int result) const {
  const absl::StatusCode code = CodeOf(result, sqlite3_system_errno(handle_.get()));
  const bool is_full = code == absl::StatusCode::kResourceExhausted;
  return absl::Status(
      code, absl::StrCat(path_, ": ", sqlite3_errmsg(handle_.get()), " (SQLite ", result, ")",
                         is_full ? FreeSpaceNote(path_) : "", Advice(code)));
}

absl::Status Database::Execute(const std::string& sql) {
  RETURN_IF_ERROR(Connect());
  const int result = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : Error(result);
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  RETURN_IF_ERROR(Connect());
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
  if (result != SQLITE_OK) return Error(result);
  return Statement(this, statement);
}

absl::StatusOr<int64_t> Database::QueryInteger(std::string_view sql) {
  ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSIGN_OR_RETURN(bool row, statement.Step());
  if (!row) {
    return absl::InternalError(absl::StrCat(path_, ": '", std::string(sql), "' yields no row"));
  }
  return statement.Integer(0);
}

int64_t Database::Changes() const { return sqlite3_changes(handle_.get()); }

absl::StatusOr<Transaction> Transaction::Begin(Database* database) {
  RETURN_IF_ERROR(database->Execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // After some errors SQLite has already rolled back; a second ROLLBACK then fails harmlessly.
  if (database_ != nullptr) database_->Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  absl::Status status = database_->Execute("COMMIT");
  if (status.ok()) database_ = nullptr;
  return status;
}

absl::StatusOr<Snapshot> Snapshot::Begin(Database* database) {
  RETURN_IF_ERROR(database->Execute("BEGIN"));
  return Snapshot(database);
}

Snapshot::~Snapshot() {
  if (database_ != nullptr) database_->Execute("ROLLBACK").IgnoreError();
}

}  // namespace assay::evaluator::sqlite
