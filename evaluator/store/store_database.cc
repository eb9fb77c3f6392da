// The database file that holds evaluations, answers, feedback, ratings and judgments.
#include "evaluator/store/store_database.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "evaluator/store/schema.h"

namespace assay::evaluator {

using sqlite::Database;
using sqlite::Transaction;

namespace {

absl::Status CreateFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat(path, ": cannot create the folder ", folder.string()));
}

// Returns the schema version of the database. Returns DATA_LOSS for the database of another
// application and for a newer schema. Called before anything is written, so that such files stay
// unchanged.
absl::StatusOr<int64_t> SchemaVersion(Database& database) {
  ASSIGN_OR_RETURN(int64_t application, database.QueryInteger("PRAGMA application_id"));
  ASSIGN_OR_RETURN(int64_t version, database.QueryInteger("PRAGMA user_version"));
  ASSIGN_OR_RETURN(int64_t tables, database.QueryInteger("SELECT count(*) FROM sqlite_schema"));
  const bool blank = application == 0 && version == 0 && tables == 0;
  if (!blank && application != kApplicationId) {
    return absl::DataLossError(absl::StrCat(
        database.path(), ": is the database of another application; choose another path"));
  }
  const auto newest = static_cast<int64_t>(kMigrations.size());
  if (version < 0 || version > newest) {
    return absl::DataLossError(absl::StrCat(database.path(), ": has schema version ", version,
                                            ", but this assayd supports up to ", newest,
                                            "; use a newer assayd or another path"));
  }
  return version;
}

// Another connection may migrate the file at the same time.
absl::Status Migrate(Database& database) {
  while (true) {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&database));
    ASSIGN_OR_RETURN(const int64_t version, database.QueryInteger("PRAGMA user_version"));
    const auto next = static_cast<size_t>(version);
    if (next >= kMigrations.size()) return absl::OkStatus();
    // Pragmas cannot have parameters.
    const std::string stamp = absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                           "; PRAGMA user_version = ", next + 1, ";");
    RETURN_IF_ERROR(database.Execute(kMigrations[next] + stamp));
    RETURN_IF_ERROR(transaction.Commit());
  }
}

// Lets deletions shorten the file. A file of an older version is rewritten once, if there is room
// for a second one; otherwise it keeps its free pages until a later start.
absl::Status SetAutoVacuum(Database& database, int64_t version) {
  constexpr int64_t kIncremental = 2;
  ASSIGN_OR_RETURN(const int64_t mode, database.QueryInteger("PRAGMA auto_vacuum"));
  if (mode == kIncremental) return absl::OkStatus();
  RETURN_IF_ERROR(database.Execute("PRAGMA auto_vacuum = INCREMENTAL"));
  if (version == 0) return absl::OkStatus();
  database.Execute("VACUUM").IgnoreError();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenStoreDatabase(const std::string& path,
                                                            const std::string& pragmas) {
  RETURN_IF_ERROR(CreateFolderOf(path));
  return Database::OpenWhenPossible(path, [pragmas](Database& database) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t version, SchemaVersion(database));
    RETURN_IF_ERROR(SetAutoVacuum(database, version));
    // fullfsync is needed on macOS, where a plain fsync leaves the data in the drive's cache.
    // Elsewhere it has no effect.
    RETURN_IF_ERROR(database.Execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;"
        "PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 4194304;"));
    if (version < static_cast<int64_t>(kMigrations.size())) RETURN_IF_ERROR(Migrate(database));
    return database.Execute(pragmas);
  });
}

absl::StatusOr<std::unique_ptr<Database>> OpenStoppedStore(const std::string& path) {
  std::error_code error;
  const auto log_bytes = std::filesystem::file_size(path + "-wal", error);
  if (!error && log_bytes > 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": has writes in its log"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::OpenUnchanging(path));
  ASSIGN_OR_RETURN(const int64_t version, SchemaVersion(*database));
  if (version < static_cast<int64_t>(kMigrations.size())) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": has an older schema"));
  }
  return database;
}

absl::StatusOr<int64_t> StoredBytesOf(Database& database) {
  return database.QueryInteger(
      "SELECT (page_count - freelist_count) * page_size"
      " FROM pragma_page_count, pragma_freelist_count, pragma_page_size");
}

absl::Status NoSuchEvaluation(std::string_view id) {
  return absl::NotFoundError(absl::StrCat("evaluation '", std::string(id), "' does not exist"));
}

absl::StatusOr<int64_t> SampleRow(sqlite::Database& database, std::string_view evaluation_id,
                                  const SampleId& sample) {
  ASSIGN_OR_RETURN(sqlite::Statement row,
                   database.Prepare("SELECT id FROM samples WHERE evaluation_id = ?"
                                    " AND model = ? AND prompt_id = ? AND repeat = ?"));
  ASSIGN_OR_RETURN(const bool found,
                   row.Bind(evaluation_id, sample.model, sample.prompt_id, sample.repeat).Step());
  if (found) return row.Integer(0);
  return absl::NotFoundError(absl::StrCat("evaluation '", std::string(evaluation_id),
                                          "' has no sample of '", sample.model, "' for prompt '",
                                          sample.prompt_id, "', repeat ", sample.repeat));
}

}  // namespace assay::evaluator
