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

absl::Status Migrate(Database& database, int64_t version) {
  for (auto next = static_cast<size_t>(version); next < kMigrations.size(); ++next) {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&database));
    // Pragmas cannot have parameters.
    const std::string stamp = absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                           "; PRAGMA user_version = ", next + 1, ";");
    RETURN_IF_ERROR(database.Execute(kMigrations[next] + stamp));
    RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenStoreDatabase(const std::string& path) {
  RETURN_IF_ERROR(CreateFolderOf(path));
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path));
  ASSIGN_OR_RETURN(int64_t version, SchemaVersion(*database));
  // fullfsync is needed on macOS, where a plain fsync leaves the data in the drive's cache.
  // Elsewhere it has no effect.
  RETURN_IF_ERROR(database->Execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;"
      "PRAGMA foreign_keys = ON;"));
  RETURN_IF_ERROR(Migrate(*database, version));
  return database;
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
