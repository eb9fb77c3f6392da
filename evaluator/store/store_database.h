// The database file that holds evaluations, answers, feedback, ratings and judgments.
#ifndef ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_
#define ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/records/rating.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// Opens the file in WAL mode with full sync and foreign keys, and runs `pragmas`. Creates the file
// and its folder if necessary, and migrates older schemas. On a full disk, the file is opened by
// the first operation for which there is room (sqlite::Database::OpenWhenPossible()). Errors are
// those of RunStore::Open(). Several connections of one process may be open; writers wait for each
// other.
absl::StatusOr<std::unique_ptr<sqlite::Database>> OpenStoreDatabase(
    const std::string& path, const std::string& pragmas = "");

// Opens the file of a daemon that has stopped, for reading, also if the disk is full: writes
// nothing. FAILED_PRECONDITION: the file needs a change first (an older schema, writes in its log).
absl::StatusOr<std::unique_ptr<sqlite::Database>> OpenStoppedStore(const std::string& path);

// Returns the size of the file without its free pages, in bytes. Takes microseconds.
absl::StatusOr<int64_t> StoredBytesOf(sqlite::Database& database);

// Returns NOT_FOUND with the id.
absl::Status NoSuchEvaluation(std::string_view id);

// Returns the id of a sample's row. NOT_FOUND: the evaluation has no such sample.
absl::StatusOr<int64_t> SampleRow(sqlite::Database& database, std::string_view evaluation_id,
                                  const SampleId& sample);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_
